-- 1
SELECT CAST((SELECT coalesce(array_to_json(array_agg(anon_1.j)), '[]'::json) AS coalesce_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_1
FROM (SELECT CAST(events_1.id AS TEXT) AS id, events_1.title AS title, CASE WHEN (events_1.starts_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(events_1.starts_at) END AS "startsAt", CASE WHEN (events_1.ends_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(events_1.ends_at) END AS "endsAt", events_1.location AS location, coalesce((SELECT (SELECT row_to_json(anon_4) AS row_to_json_2
FROM (SELECT CAST(matters_1.id AS TEXT) AS id, matters_1.reference AS reference, matters_1.title AS title) AS anon_4) AS anon_3
FROM matters AS matters_1
WHERE matters_1.id = events_1.matter_id), '{"bff irregular":0}'::json) AS matter) AS anon_2) AS j
FROM events AS events_1
WHERE events_1.starts_at >= %(r6s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = events_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s)) ORDER BY events_1.starts_at ASC, events_1.id ASC
 LIMIT CAST(%(r6s0_limit_)s AS BIGINT)) AS anon_1) AS TEXT) AS r6;

-- 2
SELECT matters_1.id AS c0, matters_1.reference AS c1, matters_1.title AS c2, matters_1.status AS c3, matters_1.due_at AS c4, matters_1.budget_cents AS c5, matters_1.client_id AS c6, matters_1.lead_id AS c7, CAST((SELECT to_json((SELECT CASE WHEN (count(*) FILTER (WHERE tasks_1.status != %(status_1)s) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*) FILTER (WHERE tasks_1.status != %(status_1)s)) END AS anon_1
FROM tasks AS tasks_1
WHERE matters_1.id = tasks_1.matter_id)) AS to_json_1) AS TEXT) AS c8, CAST(coalesce((SELECT (SELECT row_to_json(anon_3) AS row_to_json_1
FROM (SELECT CAST(clients_1.id AS TEXT) AS id, clients_1.name AS name) AS anon_3) AS anon_2
FROM clients AS clients_1
WHERE clients_1.id = matters_1.client_id AND clients_1.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS TEXT) AS c9
FROM matters AS matters_1
WHERE matters_1.status = %(f0)s AND matters_1.organization_id = %(viewer_organization_id)s ORDER BY matters_1.opened_at DESC, matters_1.id DESC
 LIMIT %(limit_)s;

-- 3
SELECT users_1.id AS k0, users_1.name AS c0, users_1.avatar_url AS c1, users_1.title AS c2, users_1.role AS c3, users_1.organization_id AS c4, CAST((SELECT to_json((SELECT CASE WHEN (count(*) FILTER (WHERE tasks_1.status != %(status_1)s) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*) FILTER (WHERE tasks_1.status != %(status_1)s)) END AS anon_1
FROM tasks AS tasks_1
WHERE users_1.id = tasks_1.assignee_id AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)))) AS to_json_1) AS TEXT) AS c5, CAST(coalesce((SELECT (SELECT row_to_json(anon_3) AS row_to_json_1
FROM (SELECT CAST(organizations_1.id AS TEXT) AS id, organizations_1.name AS name, organizations_1.plan AS plan, (SELECT CASE WHEN (count(*) FILTER (WHERE matters_2.status = %(status_2)s) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*) FILTER (WHERE matters_2.status = %(status_2)s)) END AS anon_4
FROM matters AS matters_2
WHERE organizations_1.id = matters_2.organization_id AND matters_2.organization_id = %(viewer_organization_id)s) AS "openMatterCount") AS anon_3) AS anon_2
FROM organizations AS organizations_1
WHERE organizations_1.id = users_1.organization_id AND organizations_1.id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS TEXT) AS c6, CAST((SELECT coalesce(array_to_json(array_agg(anon_5.j)), '[]'::json) AS coalesce_1
FROM (SELECT (SELECT row_to_json(anon_6) AS row_to_json_2
FROM (SELECT CAST(tasks_2.id AS TEXT) AS id, tasks_2.title AS title, CASE WHEN ((CAST(tasks_2.status AS TEXT) NOT IN ('open', 'doing', 'done'))) THEN '{"bff irregular":0}'::json ELSE to_json(CASE WHEN (CAST(tasks_2.status AS TEXT) = 'open') THEN 'OPEN' WHEN (CAST(tasks_2.status AS TEXT) = 'doing') THEN 'DOING' WHEN (CAST(tasks_2.status AS TEXT) = 'done') THEN 'DONE' END) END AS status, tasks_2.priority AS priority, CASE WHEN (tasks_2.due_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(tasks_2.due_at) END AS "dueAt", coalesce((SELECT (SELECT row_to_json(anon_8) AS row_to_json_3
FROM (SELECT CAST(matters_3.id AS TEXT) AS id, matters_3.reference AS reference, matters_3.title AS title) AS anon_8) AS anon_7
FROM matters AS matters_3
WHERE matters_3.id = tasks_2.matter_id), '{"bff irregular":0}'::json) AS matter) AS anon_6) AS j
FROM tasks AS tasks_2
WHERE tasks_2.status = ANY (%(r2s0_f0)s::TEXT[]) AND users_1.id = tasks_2.assignee_id AND (EXISTS (SELECT 1
FROM matters AS matters_4
WHERE matters_4.id = tasks_2.matter_id AND matters_4.organization_id = %(viewer_organization_id)s)) ORDER BY tasks_2.due_at ASC, tasks_2.id ASC
 LIMIT CAST(%(r2s0_limit_)s AS BIGINT)) AS anon_5) AS TEXT) AS c7, CAST((SELECT row_to_json(anon_9) AS row_to_json_4
FROM (SELECT (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*)) END AS anon_10
FROM notifications AS notifications_1
WHERE users_1.id = notifications_1.user_id AND notifications_1.user_id = %(viewer_user_id)s AND notifications_1.read_at IS NULL) AS "totalCount", coalesce(array_to_json(anon_11.a1), '[]'::json) AS nodes
FROM (SELECT count(*) AS n, array_agg(anon_12.j0 ORDER BY anon_12.n ASC) FILTER (WHERE anon_12.n <= CAST(%(r3s0_limit_)s AS BIGINT)) AS a1
FROM (SELECT anon_13.j0 AS j0, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT (SELECT row_to_json(anon_14) AS row_to_json_5
FROM (SELECT CAST(notifications_2.id AS TEXT) AS id, notifications_2.kind AS kind, notifications_2.body AS body, CASE WHEN (notifications_2.created_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(notifications_2.created_at) END AS "createdAt", CASE WHEN (notifications_2.read_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(notifications_2.read_at) END AS "readAt", (SELECT (SELECT row_to_json(anon_16) AS row_to_json_6
FROM (SELECT CAST(matters_5.id AS TEXT) AS id, matters_5.reference AS reference, matters_5.title AS title) AS anon_16) AS anon_15
FROM matters AS matters_5
WHERE matters_5.id = notifications_2.matter_id AND matters_5.organization_id = %(viewer_organization_id)s) AS matter) AS anon_14) AS j0
FROM notifications AS notifications_2
WHERE notifications_2.read_at IS NULL AND users_1.id = notifications_2.user_id AND notifications_2.user_id = %(viewer_user_id)s ORDER BY notifications_2.created_at DESC, notifications_2.id DESC
 LIMIT CAST(%(r3s0_limit_)s AS BIGINT) + 1) AS anon_13) AS anon_12) AS anon_11) AS anon_9) AS TEXT) AS c8
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;

-- 4
SELECT time_entries.matter_id, sum(time_entries.minutes) AS sum_1
FROM time_entries
WHERE time_entries.matter_id IN (%(matter_id_1_1)s, %(matter_id_1_2)s, %(matter_id_1_3)s, %(matter_id_1_4)s, %(matter_id_1_5)s, %(matter_id_1_6)s, %(matter_id_1_7)s, %(matter_id_1_8)s, %(matter_id_1_9)s, %(matter_id_1_10)s, %(matter_id_1_11)s, %(matter_id_1_12)s, %(matter_id_1_13)s, %(matter_id_1_14)s) AND time_entries.billable AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = time_entries.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY time_entries.matter_id;

-- 5
SELECT tasks.matter_id, count(*) AS count_1, count(*) FILTER (WHERE tasks.due_at < %(due_at_1)s) AS anon_1
FROM tasks
WHERE tasks.matter_id IN (%(matter_id_1_1)s, %(matter_id_1_2)s, %(matter_id_1_3)s, %(matter_id_1_4)s, %(matter_id_1_5)s, %(matter_id_1_6)s, %(matter_id_1_7)s, %(matter_id_1_8)s, %(matter_id_1_9)s, %(matter_id_1_10)s, %(matter_id_1_11)s, %(matter_id_1_12)s, %(matter_id_1_13)s, %(matter_id_1_14)s) AND tasks.status != %(status_1)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY tasks.matter_id;
