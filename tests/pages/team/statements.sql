-- 1
SELECT CAST((SELECT (SELECT row_to_json(anon_2) AS row_to_json_1
FROM (SELECT coalesce((SELECT (SELECT row_to_json(anon_4) AS row_to_json_2
FROM (SELECT CAST(organizations_1.id AS TEXT) AS id, organizations_1.name AS name, (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*)) END AS anon_5
FROM users AS users_1
WHERE organizations_1.id = users_1.organization_id AND users_1.organization_id = %(viewer_organization_id)s) AS "peopleCount") AS anon_4) AS anon_3
FROM organizations AS organizations_1
WHERE organizations_1.id = users_2.organization_id AND organizations_1.id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS organization) AS anon_2) AS anon_1
FROM users AS users_2
WHERE users_2.id = %(r0s0_k0)s AND users_2.organization_id = %(viewer_organization_id)s) AS TEXT) AS r0;

-- 2
SELECT users_1.id AS c0, users_1.name AS c1, users_1.avatar_url AS c2, users_1.title AS c3, users_1.role AS c4, users_1.email AS c5, users_1.last_seen_at AS c6, CAST((SELECT to_json((SELECT CASE WHEN (count(*) FILTER (WHERE tasks_1.status != %(status_1)s) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*) FILTER (WHERE tasks_1.status != %(status_1)s)) END AS anon_1
FROM tasks AS tasks_1
WHERE users_1.id = tasks_1.assignee_id AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)))) AS to_json_1) AS TEXT) AS c7, CAST((SELECT to_json((SELECT CASE WHEN (CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) != CAST(CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) AS BIGINT)) THEN '{"bff irregular":0}'::json ELSE to_json(CAST(CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) AS BIGINT)) END AS anon_2
FROM time_entries AS time_entries_1
WHERE users_1.id = time_entries_1.user_id AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = time_entries_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s)))) AS to_json_2) AS TEXT) AS c8, CAST((SELECT CASE WHEN (count(*) > %(count_1)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_4.j)), '[]'::json) END AS anon_3
FROM (SELECT (SELECT row_to_json(anon_5) AS row_to_json_1
FROM (SELECT CAST(matters_3.id AS TEXT) AS id, matters_3.reference AS reference, matters_3.title AS title, CASE WHEN ((CAST(matters_3.status AS TEXT) NOT IN ('open', 'on_hold', 'closed'))) THEN '{"bff irregular":0}'::json ELSE to_json(CASE WHEN (CAST(matters_3.status AS TEXT) = 'open') THEN 'OPEN' WHEN (CAST(matters_3.status AS TEXT) = 'on_hold') THEN 'ON_HOLD' WHEN (CAST(matters_3.status AS TEXT) = 'closed') THEN 'CLOSED' END) END AS status, CASE WHEN (matters_3.due_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(matters_3.due_at) END AS "dueAt") AS anon_5) AS j
FROM matters AS matters_3
WHERE users_1.id = matters_3.lead_id AND matters_3.organization_id = %(viewer_organization_id)s ORDER BY matters_3.opened_at DESC, matters_3.id DESC
 LIMIT 1001) AS anon_4) AS TEXT) AS c9
FROM users AS users_1
WHERE users_1.organization_id = %(viewer_organization_id)s ORDER BY users_1.name ASC, users_1.id ASC
 LIMIT %(limit_)s;
