-- 1
SELECT matters_1.id AS c0, matters_1.reference AS c1, matters_1.title AS c2, matters_1.status AS c3, matters_1.due_at AS c4, matters_1.budget_cents AS c5, matters_1.client_id AS c6, matters_1.lead_id AS c7
FROM matters AS matters_1
WHERE matters_1.status = %(f0)s AND matters_1.organization_id = %(viewer_organization_id)s ORDER BY matters_1.opened_at DESC, matters_1.id DESC
 LIMIT %(limit_)s;

-- 2
SELECT events_1.id AS c0, events_1.title AS c1, events_1.starts_at AS c2, events_1.ends_at AS c3, events_1.location AS c4, events_1.matter_id AS c5
FROM events AS events_1
WHERE events_1.starts_at >= %(f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = events_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) ORDER BY events_1.starts_at ASC, events_1.id ASC
 LIMIT %(limit_)s;

-- 3
SELECT users_1.id AS k0, users_1.name AS c0, users_1.avatar_url AS c1, users_1.title AS c2, users_1.role AS c3, users_1.organization_id AS c4
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;

-- 4
SELECT k.k0, count(*) FILTER (WHERE tasks_1.status != 'done') AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), tasks AS tasks_1
WHERE k.k0 = tasks_1.matter_id GROUP BY k.k0;

-- 5
SELECT time_entries.matter_id, sum(time_entries.minutes) AS sum_1
FROM time_entries
WHERE time_entries.matter_id IN (%(matter_id_1_1)s, %(matter_id_1_2)s, %(matter_id_1_3)s, %(matter_id_1_4)s, %(matter_id_1_5)s, %(matter_id_1_6)s, %(matter_id_1_7)s, %(matter_id_1_8)s, %(matter_id_1_9)s, %(matter_id_1_10)s, %(matter_id_1_11)s, %(matter_id_1_12)s, %(matter_id_1_13)s, %(matter_id_1_14)s) AND time_entries.billable AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = time_entries.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY time_entries.matter_id;

-- 6
SELECT tasks.matter_id, count(*) AS count_1, count(*) FILTER (WHERE tasks.due_at < %(due_at_1)s) AS anon_1
FROM tasks
WHERE tasks.matter_id IN (%(matter_id_1_1)s, %(matter_id_1_2)s, %(matter_id_1_3)s, %(matter_id_1_4)s, %(matter_id_1_5)s, %(matter_id_1_6)s, %(matter_id_1_7)s, %(matter_id_1_8)s, %(matter_id_1_9)s, %(matter_id_1_10)s, %(matter_id_1_11)s, %(matter_id_1_12)s, %(matter_id_1_13)s, %(matter_id_1_14)s) AND tasks.status != %(status_1)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY tasks.matter_id;

-- 7
SELECT clients_1.id AS k0, clients_1.name AS c0
FROM clients AS clients_1
WHERE clients_1.id = ANY (%(k0)s::BIGINT[]) AND clients_1.organization_id = %(viewer_organization_id)s;

-- 8
SELECT k.k0, count(*) FILTER (WHERE tasks_1.status != 'done') AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), tasks AS tasks_1
WHERE k.k0 = tasks_1.assignee_id AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY k.k0;

-- 9
SELECT organizations_1.id AS k0, organizations_1.name AS c0, organizations_1.plan AS c1
FROM organizations AS organizations_1
WHERE organizations_1.id = ANY (%(k0)s::BIGINT[]) AND organizations_1.id = %(viewer_organization_id)s;

-- 10
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4, t.c5
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT tasks_1.id AS c0, tasks_1.title AS c1, tasks_1.status AS c2, tasks_1.priority AS c3, tasks_1.due_at AS c4, tasks_1.matter_id AS c5
FROM tasks AS tasks_1
WHERE tasks_1.status = ANY (%(f0)s::TEXT[]) AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND k.k0 = tasks_1.assignee_id ORDER BY tasks_1.due_at ASC, tasks_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 11
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4, t.c5, t.o0, t.o1
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT notifications_1.id AS c0, notifications_1.kind AS c1, notifications_1.body AS c2, notifications_1.created_at AS c3, notifications_1.read_at AS c4, notifications_1.matter_id AS c5, CAST(notifications_1.created_at AS TEXT) AS o0, CAST(notifications_1.id AS TEXT) AS o1
FROM notifications AS notifications_1
WHERE notifications_1.read_at IS NULL AND notifications_1.user_id = %(viewer_user_id)s AND k.k0 = notifications_1.user_id ORDER BY notifications_1.created_at DESC, notifications_1.id DESC
 LIMIT %(limit_)s) AS t ON true;

-- 12
SELECT matters_1.id AS k0, matters_1.reference AS c0, matters_1.title AS c1
FROM matters AS matters_1
WHERE matters_1.id = ANY (%(k0)s::BIGINT[]) AND matters_1.organization_id = %(viewer_organization_id)s;

-- 13
SELECT k.k0, count(*) FILTER (WHERE matters_1.status = 'open') AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), matters AS matters_1
WHERE k.k0 = matters_1.organization_id AND matters_1.organization_id = %(viewer_organization_id)s GROUP BY k.k0;

-- 14
SELECT k.k0, count(*) AS count_1
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), notifications AS notifications_1
WHERE k.k0 = notifications_1.user_id AND notifications_1.user_id = %(viewer_user_id)s AND notifications_1.read_at IS NULL GROUP BY k.k0;
