-- 1
SELECT users_1.id AS k0, users_1.organization_id AS c0
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;

-- 2
SELECT users_1.id AS c0, users_1.name AS c1, users_1.avatar_url AS c2, users_1.title AS c3, users_1.role AS c4, users_1.email AS c5, users_1.last_seen_at AS c6
FROM users AS users_1
WHERE users_1.organization_id = %(viewer_organization_id)s ORDER BY users_1.name ASC, users_1.id ASC
 LIMIT %(limit_)s;

-- 3
SELECT organizations_1.id AS k0, organizations_1.name AS c0
FROM organizations AS organizations_1
WHERE organizations_1.id = ANY (%(k0)s::BIGINT[]) AND organizations_1.id = %(viewer_organization_id)s;

-- 4
SELECT k.k0, count(*) FILTER (WHERE tasks_1.status != 'done') AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), tasks AS tasks_1
WHERE k.k0 = tasks_1.assignee_id AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY k.k0;

-- 5
SELECT k.k0, CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), time_entries AS time_entries_1
WHERE k.k0 = time_entries_1.user_id AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = time_entries_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY k.k0;

-- 6
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT matters_1.id AS c0, matters_1.reference AS c1, matters_1.title AS c2, matters_1.status AS c3, matters_1.due_at AS c4
FROM matters AS matters_1
WHERE matters_1.organization_id = %(viewer_organization_id)s AND k.k0 = matters_1.lead_id ORDER BY matters_1.opened_at DESC, matters_1.id DESC
 LIMIT %(limit_)s) AS t ON true;

-- 7
SELECT k.k0, count(*) AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), users AS users_1
WHERE k.k0 = users_1.organization_id AND users_1.organization_id = %(viewer_organization_id)s GROUP BY k.k0;
