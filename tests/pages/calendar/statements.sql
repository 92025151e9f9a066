-- 1
SELECT (SELECT '{"pageInfo":{"hasNextPage":' || CAST(anon_2.n > CAST(%(r0s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_2.last || '},"nodes":' || anon_2.a1 || '}' AS anon_1
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_3.j0, ',' ORDER BY anon_3.n ASC) FILTER (WHERE anon_3.n <= CAST(%(r0s0_limit_)s AS BIGINT)) || ']', '[]') AS a1, coalesce(max('{"bff cursor":0,"place":' || CAST(array_to_json(ARRAY[anon_3.o0, anon_3.o1]) AS TEXT) || '}') FILTER (WHERE anon_3.n = 1 AND anon_3.n <= CAST(%(r0s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max('{"bff cursor":0,"place":' || CAST(array_to_json(ARRAY[anon_3.o0, anon_3.o1]) AS TEXT) || '}') FILTER (WHERE anon_3.n = least(anon_3.total, CAST(%(r0s0_limit_)s AS BIGINT)) AND anon_3.n <= CAST(%(r0s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_4.j0 AS j0, anon_4.o0 AS o0, anon_4.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT '{"id":"' || CAST(events_1.id AS TEXT) || '","title":' || CAST(to_json(events_1.title) AS TEXT) || ',"startsAt":' || CASE WHEN (events_1.starts_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}' ELSE CAST(to_json(events_1.starts_at) AS TEXT) END || ',"endsAt":' || CASE WHEN (events_1.ends_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}' ELSE CAST(to_json(events_1.ends_at) AS TEXT) END || ',"location":' || CASE WHEN (events_1.location IS NULL) THEN 'null' ELSE CAST(to_json(events_1.location) AS TEXT) END || ',"matter":' || coalesce((SELECT '{"id":"' || CAST(matters_1.id AS TEXT) || '","reference":' || CAST(to_json(matters_1.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_1.title) AS TEXT) || '}' AS anon_5
FROM matters AS matters_1
WHERE matters_1.id = events_1.matter_id), '{"bff irregular":0}') || '}' AS j0, CAST(events_1.starts_at AS TEXT) AS o0, CAST(events_1.id AS TEXT) AS o1
FROM events AS events_1
WHERE events_1.starts_at < %(r0s0_f0)s AND events_1.starts_at >= %(r0s0_f1)s AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = events_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s)) ORDER BY events_1.starts_at ASC, events_1.id ASC
 LIMIT CAST(%(r0s0_limit_)s AS BIGINT) + 1) AS anon_4) AS anon_3) AS anon_2) AS r0;

-- 2
SELECT tasks_1.id AS c0, tasks_1.title AS c1, tasks_1.status AS c2, tasks_1.priority AS c3, tasks_1.due_at AS c4, tasks_1.matter_id AS c5, tasks_1.assignee_id AS c6, coalesce((SELECT '{"id":"' || CAST(matters_1.id AS TEXT) || '","reference":' || CAST(to_json(matters_1.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_1.title) AS TEXT) || '}' AS anon_1
FROM matters AS matters_1
WHERE matters_1.id = tasks_1.matter_id), '{"bff irregular":0}') AS c7, CAST(tasks_1.due_at AS TEXT) AS o0, CAST(tasks_1.id AS TEXT) AS o1
FROM tasks AS tasks_1
WHERE tasks_1.status = ANY (%(f0)s::TEXT[]) AND tasks_1.due_at < %(f1)s AND tasks_1.due_at >= %(f2)s AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = tasks_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s)) ORDER BY tasks_1.due_at ASC, tasks_1.id ASC
 LIMIT %(limit_)s;

-- 3
SELECT users_1.id AS k0, users_1.name AS c0, users_1.avatar_url AS c1
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;
