-- 1
SELECT events_1.id AS c0, events_1.title AS c1, events_1.starts_at AS c2, events_1.ends_at AS c3, events_1.location AS c4, events_1.matter_id AS c5, CAST(events_1.starts_at AS TEXT) AS o0, CAST(events_1.id AS TEXT) AS o1
FROM events AS events_1
WHERE events_1.starts_at < %(f0)s AND events_1.starts_at >= %(f1)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = events_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) ORDER BY events_1.starts_at ASC, events_1.id ASC
 LIMIT %(limit_)s;

-- 2
SELECT tasks_1.id AS c0, tasks_1.title AS c1, tasks_1.status AS c2, tasks_1.priority AS c3, tasks_1.due_at AS c4, tasks_1.matter_id AS c5, tasks_1.assignee_id AS c6, CAST(tasks_1.due_at AS TEXT) AS o0, CAST(tasks_1.id AS TEXT) AS o1
FROM tasks AS tasks_1
WHERE tasks_1.status = ANY (%(f0)s::TEXT[]) AND tasks_1.due_at < %(f1)s AND tasks_1.due_at >= %(f2)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) ORDER BY tasks_1.due_at ASC, tasks_1.id ASC
 LIMIT %(limit_)s;

-- 3
SELECT matters_1.id AS k0, matters_1.reference AS c0, matters_1.title AS c1
FROM matters AS matters_1
WHERE matters_1.id = ANY (%(k0)s::BIGINT[]) AND matters_1.organization_id = %(viewer_organization_id)s;

-- 4
SELECT users_1.id AS k0, users_1.name AS c0, users_1.avatar_url AS c1
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;
