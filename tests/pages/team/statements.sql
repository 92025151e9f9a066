-- 1
SELECT (SELECT coalesce((SELECT coalesce(('{"organization":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(organizations_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(organizations_1.name AS TEXT)) AS TEXT) || ',"peopleCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) AS BIGINT) AS TEXT) END AS anon_1
FROM users AS users_1
WHERE organizations_1.id = users_1.organization_id AND users_1.organization_id = %(viewer_organization_id)s) || '}'), E'\001') AS coalesce_2
FROM organizations AS organizations_1
WHERE organizations_1.id = users_2.organization_id AND organizations_1.id = %(viewer_organization_id)s), E'\001') || '}'), E'\001') AS coalesce_1
FROM users AS users_2
WHERE users_2.id = %(r0s0_k0)s AND users_2.organization_id = %(viewer_organization_id)s), 'null') AS j) AS r0,
(SELECT (SELECT CASE WHEN (count(*) > 1000) THEN E'\001' ELSE coalesce('[' || string_agg(anon_2.j, ',') || ']', '[]') END AS anon_1
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(users_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(users_1.name AS TEXT)) AS TEXT) || E',"initials":\0020:' || CAST(array_to_json(ARRAY[CAST(users_1.name AS TEXT)]) AS TEXT) || E'\002,"avatarUrl":' || CASE WHEN (users_1.avatar_url IS NULL) THEN 'null' ELSE CAST(to_json(CAST(users_1.avatar_url AS TEXT)) AS TEXT) END || ',"title":' || CAST(to_json(CAST(users_1.title AS TEXT)) AS TEXT) || ',"role":' || CASE WHEN (CAST(users_1.role AS TEXT) = 'owner') THEN '"OWNER"' WHEN (CAST(users_1.role AS TEXT) = 'admin') THEN '"ADMIN"' WHEN (CAST(users_1.role AS TEXT) = 'member') THEN '"MEMBER"' WHEN (CAST(users_1.role AS TEXT) = 'guest') THEN '"GUEST"' ELSE E'\001' END || ',"email":' || CAST(to_json(CAST(users_1.email AS TEXT)) AS TEXT) || ',"lastSeenAt":' || CASE WHEN (users_1.last_seen_at IS NULL) THEN 'null' WHEN (users_1.last_seen_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN E'\001' ELSE CAST(to_json(users_1.last_seen_at) AS TEXT) END || ',"openTaskCount":' || (SELECT CASE WHEN (count(*) FILTER (WHERE tasks_1.status != 'done') NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) FILTER (WHERE tasks_1.status != 'done') AS BIGINT) AS TEXT) END AS anon_3
FROM tasks AS tasks_1
WHERE users_1.id = tasks_1.assignee_id AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s))) || ',"billedMinutes":' || (SELECT CAST(CAST(CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) AS BIGINT) AS TEXT) AS coalesce_1
FROM time_entries AS time_entries_1
WHERE users_1.id = time_entries_1.user_id AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = time_entries_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s))) || ',"ledMatters":' || (SELECT CASE WHEN (count(*) > 1000) THEN E'\001' ELSE coalesce('[' || string_agg(anon_5.j, ',') || ']', '[]') END AS anon_4
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(matters_3.id AS BIGINT) AS TEXT) || '","reference":' || CAST(to_json(CAST(matters_3.reference AS TEXT)) AS TEXT) || ',"title":' || CAST(to_json(CAST(matters_3.title AS TEXT)) AS TEXT) || ',"status":' || CASE WHEN (CAST(matters_3.status AS TEXT) = 'open') THEN '"OPEN"' WHEN (CAST(matters_3.status AS TEXT) = 'on_hold') THEN '"ON_HOLD"' WHEN (CAST(matters_3.status AS TEXT) = 'closed') THEN '"CLOSED"' ELSE E'\001' END || ',"dueAt":' || CASE WHEN (matters_3.due_at IS NULL) THEN 'null' WHEN (matters_3.due_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN E'\001' ELSE CAST(to_json(matters_3.due_at) AS TEXT) END || '}'), E'\001') AS j
FROM matters AS matters_3
WHERE users_1.id = matters_3.lead_id AND matters_3.organization_id = %(viewer_organization_id)s ORDER BY matters_3.opened_at DESC, matters_3.id DESC
 LIMIT 1001) AS anon_5) || '}'), E'\001') AS j
FROM users AS users_1
WHERE users_1.organization_id = %(viewer_organization_id)s ORDER BY users_1.name ASC, users_1.id ASC
 LIMIT 1001) AS anon_2) AS j) AS r1;
