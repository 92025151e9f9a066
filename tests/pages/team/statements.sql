-- 1
SELECT coalesce((SELECT '{"organization":' || coalesce((SELECT '{"id":"' || CAST(organizations_1.id AS TEXT) || '","name":' || CAST(to_json(organizations_1.name) AS TEXT) || ',"peopleCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}' ELSE CAST(count(*) AS TEXT) END AS anon_3
FROM users AS users_1
WHERE organizations_1.id = users_1.organization_id AND users_1.organization_id = %(viewer_organization_id)s) || '}' AS anon_2
FROM organizations AS organizations_1
WHERE organizations_1.id = users_2.organization_id AND organizations_1.id = %(viewer_organization_id)s), '{"bff irregular":0}') || '}' AS anon_1
FROM users AS users_2
WHERE users_2.id = %(r0s0_k0)s AND users_2.organization_id = %(viewer_organization_id)s), 'null') AS r0;

-- 2
SELECT users_1.id AS c0, users_1.name AS c1, users_1.avatar_url AS c2, users_1.title AS c3, users_1.role AS c4, users_1.email AS c5, users_1.last_seen_at AS c6, (SELECT CASE WHEN (count(*) FILTER (WHERE tasks_1.status != %(status_1)s) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}' ELSE CAST(count(*) FILTER (WHERE tasks_1.status != %(status_1)s) AS TEXT) END AS anon_1
FROM tasks AS tasks_1
WHERE users_1.id = tasks_1.assignee_id AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s))) AS c7, (SELECT CASE WHEN (CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) != CAST(CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) AS BIGINT)) THEN '{"bff irregular":0}' ELSE CAST(CAST(CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) AS BIGINT) AS TEXT) END AS anon_2
FROM time_entries AS time_entries_1
WHERE users_1.id = time_entries_1.user_id AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = time_entries_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s))) AS c8, (SELECT CASE WHEN (count(*) > 1000) THEN '{"bff irregular":0}' ELSE coalesce('[' || string_agg(anon_4.j, ',') || ']', '[]') END AS anon_3
FROM (SELECT '{"id":"' || CAST(matters_3.id AS TEXT) || '","reference":' || CAST(to_json(matters_3.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_3.title) AS TEXT) || ',"status":' || CASE WHEN (CAST(matters_3.status AS TEXT) = 'open') THEN '"OPEN"' WHEN (CAST(matters_3.status AS TEXT) = 'on_hold') THEN '"ON_HOLD"' WHEN (CAST(matters_3.status AS TEXT) = 'closed') THEN '"CLOSED"' ELSE '{"bff irregular":0}' END || ',"dueAt":' || CASE WHEN (matters_3.due_at IS NULL) THEN 'null' WHEN (matters_3.due_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}' ELSE CAST(to_json(matters_3.due_at) AS TEXT) END || '}' AS j
FROM matters AS matters_3
WHERE users_1.id = matters_3.lead_id AND matters_3.organization_id = %(viewer_organization_id)s ORDER BY matters_3.opened_at DESC, matters_3.id DESC
 LIMIT 1001) AS anon_4) AS c9
FROM users AS users_1
WHERE users_1.organization_id = %(viewer_organization_id)s ORDER BY users_1.name ASC, users_1.id ASC
 LIMIT %(limit_)s;
