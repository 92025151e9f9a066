-- 1
SELECT CAST((SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT row_to_json(anon_2) AS row_to_json_2
FROM (SELECT anon_3.n > CAST(%(r0s0_limit_)s AS BIGINT) AS "hasNextPage", anon_3.last AS "endCursor") AS anon_2) AS "pageInfo", coalesce(array_to_json(anon_3.a1), '[]'::json) AS nodes
FROM (SELECT count(*) AS n, array_agg(anon_4.j0 ORDER BY anon_4.n ASC) FILTER (WHERE anon_4.n <= CAST(%(r0s0_limit_)s AS BIGINT)) AS a1, CAST(max(CAST((SELECT row_to_json(anon_5) AS row_to_json_3
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS place) AS anon_5) AS TEXT)) FILTER (WHERE anon_4.n = %(n_1)s AND anon_4.n <= CAST(%(r0s0_limit_)s AS BIGINT)) AS JSON) AS first, CAST(max(CAST((SELECT row_to_json(anon_5) AS row_to_json_3
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS place) AS anon_5) AS TEXT)) FILTER (WHERE anon_4.n = least(anon_4.total, CAST(%(r0s0_limit_)s AS BIGINT)) AND anon_4.n <= CAST(%(r0s0_limit_)s AS BIGINT)) AS JSON) AS last
FROM (SELECT anon_6.j0 AS j0, anon_6.o0 AS o0, anon_6.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT (SELECT row_to_json(anon_7) AS row_to_json_4
FROM (SELECT CAST(events_1.id AS TEXT) AS id, events_1.title AS title, CASE WHEN (events_1.starts_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(events_1.starts_at) END AS "startsAt", CASE WHEN (events_1.ends_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(events_1.ends_at) END AS "endsAt", events_1.location AS location, coalesce((SELECT (SELECT row_to_json(anon_9) AS row_to_json_5
FROM (SELECT CAST(matters_1.id AS TEXT) AS id, matters_1.reference AS reference, matters_1.title AS title) AS anon_9) AS anon_8
FROM matters AS matters_1
WHERE matters_1.id = events_1.matter_id), '{"bff irregular":0}'::json) AS matter) AS anon_7) AS j0, CAST(events_1.starts_at AS TEXT) AS o0, CAST(events_1.id AS TEXT) AS o1
FROM events AS events_1
WHERE events_1.starts_at < %(r0s0_f0)s AND events_1.starts_at >= %(r0s0_f1)s AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = events_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s)) ORDER BY events_1.starts_at ASC, events_1.id ASC
 LIMIT CAST(%(r0s0_limit_)s AS BIGINT) + 1) AS anon_6) AS anon_4) AS anon_3) AS anon_1) AS TEXT) AS r0;

-- 2
SELECT tasks_1.id AS c0, tasks_1.title AS c1, tasks_1.status AS c2, tasks_1.priority AS c3, tasks_1.due_at AS c4, tasks_1.matter_id AS c5, tasks_1.assignee_id AS c6, CAST(coalesce((SELECT (SELECT row_to_json(anon_2) AS row_to_json_1
FROM (SELECT CAST(matters_1.id AS TEXT) AS id, matters_1.reference AS reference, matters_1.title AS title) AS anon_2) AS anon_1
FROM matters AS matters_1
WHERE matters_1.id = tasks_1.matter_id), '{"bff irregular":0}'::json) AS TEXT) AS c7, CAST(tasks_1.due_at AS TEXT) AS o0, CAST(tasks_1.id AS TEXT) AS o1
FROM tasks AS tasks_1
WHERE tasks_1.status = ANY (%(f0)s::TEXT[]) AND tasks_1.due_at < %(f1)s AND tasks_1.due_at >= %(f2)s AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = tasks_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s)) ORDER BY tasks_1.due_at ASC, tasks_1.id ASC
 LIMIT %(limit_)s;

-- 3
SELECT users_1.id AS k0, users_1.name AS c0, users_1.avatar_url AS c1
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;
