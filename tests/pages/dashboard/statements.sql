-- 1
SELECT (SELECT coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(users_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(users_1.name AS TEXT)) AS TEXT) || E',"initials":\0020:' || CAST(array_to_json(ARRAY[CAST(users_1.name AS TEXT)]) AS TEXT) || E'\002,"avatarUrl":' || CASE WHEN (users_1.avatar_url IS NULL) THEN 'null' ELSE CAST(to_json(CAST(users_1.avatar_url AS TEXT)) AS TEXT) END || ',"title":' || CAST(to_json(CAST(users_1.title AS TEXT)) AS TEXT) || ',"role":' || CASE WHEN (CAST(users_1.role AS TEXT) = 'owner') THEN '"OWNER"' WHEN (CAST(users_1.role AS TEXT) = 'admin') THEN '"ADMIN"' WHEN (CAST(users_1.role AS TEXT) = 'member') THEN '"MEMBER"' WHEN (CAST(users_1.role AS TEXT) = 'guest') THEN '"GUEST"' ELSE E'\001' END || ',"openTaskCount":' || (SELECT CASE WHEN (count(*) FILTER (WHERE tasks_1.status != 'done') NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) FILTER (WHERE tasks_1.status != 'done') AS BIGINT) AS TEXT) END AS anon_1
FROM tasks AS tasks_1
WHERE users_1.id = tasks_1.assignee_id AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s))) || ',"organization":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(organizations_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(organizations_1.name AS TEXT)) AS TEXT) || ',"plan":' || CAST(to_json(CAST(organizations_1.plan AS TEXT)) AS TEXT) || ',"openMatterCount":' || (SELECT CASE WHEN (count(*) FILTER (WHERE matters_2.status = 'open') NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) FILTER (WHERE matters_2.status = 'open') AS BIGINT) AS TEXT) END AS anon_2
FROM matters AS matters_2
WHERE organizations_1.id = matters_2.organization_id AND matters_2.organization_id = %(viewer_organization_id)s) || '}'), E'\001') AS coalesce_2
FROM organizations AS organizations_1
WHERE organizations_1.id = users_1.organization_id AND organizations_1.id = %(viewer_organization_id)s), E'\001') || ',"assignedTasks":' || (SELECT coalesce('[' || string_agg(anon_3.j, ',') || ']', '[]') AS coalesce_3
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(tasks_2.id AS BIGINT) AS TEXT) || '","title":' || CAST(to_json(CAST(tasks_2.title AS TEXT)) AS TEXT) || ',"status":' || CASE WHEN (CAST(tasks_2.status AS TEXT) = 'open') THEN '"OPEN"' WHEN (CAST(tasks_2.status AS TEXT) = 'doing') THEN '"DOING"' WHEN (CAST(tasks_2.status AS TEXT) = 'done') THEN '"DONE"' ELSE E'\001' END || ',"priority":' || CAST(CAST(tasks_2.priority AS BIGINT) AS TEXT) || ',"dueAt":' || CASE WHEN (tasks_2.due_at IS NULL) THEN 'null' WHEN (tasks_2.due_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN E'\001' ELSE CAST(to_json(tasks_2.due_at) AS TEXT) END || ',"matter":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(matters_3.id AS BIGINT) AS TEXT) || '","reference":' || CAST(to_json(CAST(matters_3.reference AS TEXT)) AS TEXT) || ',"title":' || CAST(to_json(CAST(matters_3.title AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_4
FROM matters AS matters_3
WHERE matters_3.id = tasks_2.matter_id), E'\001') || '}'), E'\001') AS j
FROM tasks AS tasks_2
WHERE tasks_2.status = ANY (%(r0s1_f0)s::TEXT[]) AND users_1.id = tasks_2.assignee_id AND (EXISTS (SELECT 1
FROM matters AS matters_4
WHERE matters_4.id = tasks_2.matter_id AND matters_4.organization_id = %(viewer_organization_id)s)) ORDER BY tasks_2.due_at ASC, tasks_2.id ASC
 LIMIT CAST(%(r0s1_limit_)s AS BIGINT)) AS anon_3) || ',"unread":' || (SELECT ('{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) AS BIGINT) AS TEXT) END AS anon_5
FROM notifications AS notifications_1
WHERE users_1.id = notifications_1.user_id AND notifications_1.user_id = %(viewer_user_id)s AND notifications_1.read_at IS NULL) || ',"nodes":' || anon_6.a1 || '}') AS anon_4
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_7.j0, ',' ORDER BY anon_7.n ASC) FILTER (WHERE anon_7.n <= CAST(%(r0s2_limit_)s AS BIGINT)) || ']', '[]') AS a1
FROM (SELECT anon_8.j0 AS j0, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(notifications_2.id AS BIGINT) AS TEXT) || '","kind":' || CAST(to_json(CAST(notifications_2.kind AS TEXT)) AS TEXT) || ',"body":' || CAST(to_json(CAST(notifications_2.body AS TEXT)) AS TEXT) || ',"createdAt":' || CASE WHEN (notifications_2.created_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN E'\001' ELSE CAST(to_json(notifications_2.created_at) AS TEXT) END || ',"readAt":' || CASE WHEN (notifications_2.read_at IS NULL) THEN 'null' WHEN (notifications_2.read_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN E'\001' ELSE CAST(to_json(notifications_2.read_at) AS TEXT) END || ',"matter":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(matters_5.id AS BIGINT) AS TEXT) || '","reference":' || CAST(to_json(CAST(matters_5.reference AS TEXT)) AS TEXT) || ',"title":' || CAST(to_json(CAST(matters_5.title AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_5
FROM matters AS matters_5
WHERE matters_5.id = notifications_2.matter_id AND matters_5.organization_id = %(viewer_organization_id)s), 'null') || '}'), E'\001') AS j0
FROM notifications AS notifications_2
WHERE notifications_2.read_at IS NULL AND users_1.id = notifications_2.user_id AND notifications_2.user_id = %(viewer_user_id)s ORDER BY notifications_2.created_at DESC, notifications_2.id DESC
 LIMIT CAST(%(r0s2_limit_)s AS BIGINT) + 1) AS anon_8) AS anon_7) AS anon_6) || '}'), E'\001') AS coalesce_1
FROM users AS users_1
WHERE users_1.id = %(r0s0_k0)s AND users_1.organization_id = %(viewer_organization_id)s), 'null') AS j) AS r0,
(SELECT (SELECT coalesce('[' || string_agg(anon_1.j, ',') || ']', '[]') AS coalesce_1
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(matters_1.id AS BIGINT) AS TEXT) || '","reference":' || CAST(to_json(CAST(matters_1.reference AS TEXT)) AS TEXT) || ',"title":' || CAST(to_json(CAST(matters_1.title AS TEXT)) AS TEXT) || ',"status":' || CASE WHEN (CAST(matters_1.status AS TEXT) = 'open') THEN '"OPEN"' WHEN (CAST(matters_1.status AS TEXT) = 'on_hold') THEN '"ON_HOLD"' WHEN (CAST(matters_1.status AS TEXT) = 'closed') THEN '"CLOSED"' ELSE E'\001' END || ',"dueAt":' || CASE WHEN (matters_1.due_at IS NULL) THEN 'null' WHEN (matters_1.due_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN E'\001' ELSE CAST(to_json(matters_1.due_at) AS TEXT) END || ',"openTaskCount":' || (SELECT CASE WHEN (count(*) FILTER (WHERE tasks_1.status != 'done') NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) FILTER (WHERE tasks_1.status != 'done') AS BIGINT) AS TEXT) END AS anon_2
FROM tasks AS tasks_1
WHERE matters_1.id = tasks_1.matter_id) || E',"health":\0020:' || CAST(array_to_json(ARRAY[CAST(matters_1.id AS TEXT), CAST(matters_1.status AS TEXT), CAST(matters_1.due_at AS TEXT), CAST(matters_1.budget_cents AS TEXT)]) AS TEXT) || E'\002,"client":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(clients_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(clients_1.name AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_2
FROM clients AS clients_1
WHERE clients_1.id = matters_1.client_id AND clients_1.organization_id = %(viewer_organization_id)s), E'\001') || ',"lead":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(users_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(users_1.name AS TEXT)) AS TEXT) || E',"initials":\0021:' || CAST(array_to_json(ARRAY[CAST(users_1.name AS TEXT)]) AS TEXT) || E'\002,"avatarUrl":' || CASE WHEN (users_1.avatar_url IS NULL) THEN 'null' ELSE CAST(to_json(CAST(users_1.avatar_url AS TEXT)) AS TEXT) END || '}'), E'\001') AS coalesce_3
FROM users AS users_1
WHERE users_1.id = matters_1.lead_id AND users_1.organization_id = %(viewer_organization_id)s), E'\001') || '}'), E'\001') AS j
FROM matters AS matters_1
WHERE matters_1.status = %(r1s0_f0)s AND matters_1.organization_id = %(viewer_organization_id)s ORDER BY matters_1.opened_at DESC, matters_1.id DESC
 LIMIT CAST(%(r1s0_limit_)s AS BIGINT)) AS anon_1) AS j) AS r1,
(SELECT (SELECT coalesce('[' || string_agg(anon_1.j, ',') || ']', '[]') AS coalesce_1
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(events_1.id AS BIGINT) AS TEXT) || '","title":' || CAST(to_json(CAST(events_1.title AS TEXT)) AS TEXT) || ',"startsAt":' || CASE WHEN (events_1.starts_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN E'\001' ELSE CAST(to_json(events_1.starts_at) AS TEXT) END || ',"endsAt":' || CASE WHEN (events_1.ends_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN E'\001' ELSE CAST(to_json(events_1.ends_at) AS TEXT) END || ',"location":' || CASE WHEN (events_1.location IS NULL) THEN 'null' ELSE CAST(to_json(CAST(events_1.location AS TEXT)) AS TEXT) END || ',"matter":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(matters_1.id AS BIGINT) AS TEXT) || '","reference":' || CAST(to_json(CAST(matters_1.reference AS TEXT)) AS TEXT) || ',"title":' || CAST(to_json(CAST(matters_1.title AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_2
FROM matters AS matters_1
WHERE matters_1.id = events_1.matter_id), E'\001') || '}'), E'\001') AS j
FROM events AS events_1
WHERE events_1.starts_at >= %(r2s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = events_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s)) ORDER BY events_1.starts_at ASC, events_1.id ASC
 LIMIT CAST(%(r2s0_limit_)s AS BIGINT)) AS anon_1) AS j) AS r2;

-- 2
SELECT time_entries.matter_id, sum(time_entries.minutes) AS sum_1
FROM time_entries
WHERE time_entries.matter_id IN (%(matter_id_1_1)s, %(matter_id_1_2)s, %(matter_id_1_3)s, %(matter_id_1_4)s, %(matter_id_1_5)s, %(matter_id_1_6)s, %(matter_id_1_7)s, %(matter_id_1_8)s, %(matter_id_1_9)s, %(matter_id_1_10)s, %(matter_id_1_11)s, %(matter_id_1_12)s, %(matter_id_1_13)s, %(matter_id_1_14)s) AND time_entries.billable AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = time_entries.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY time_entries.matter_id;

-- 3
SELECT tasks.matter_id, count(*) AS count_1, count(*) FILTER (WHERE tasks.due_at < %(due_at_1)s) AS anon_1
FROM tasks
WHERE tasks.matter_id IN (%(matter_id_1_1)s, %(matter_id_1_2)s, %(matter_id_1_3)s, %(matter_id_1_4)s, %(matter_id_1_5)s, %(matter_id_1_6)s, %(matter_id_1_7)s, %(matter_id_1_8)s, %(matter_id_1_9)s, %(matter_id_1_10)s, %(matter_id_1_11)s, %(matter_id_1_12)s, %(matter_id_1_13)s, %(matter_id_1_14)s) AND tasks.status != %(status_1)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY tasks.matter_id;
