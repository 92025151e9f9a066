-- 1
SELECT CAST((SELECT (SELECT row_to_json(anon_2) AS row_to_json_1
FROM (SELECT CAST(users_1.id AS TEXT) AS id, (SELECT CASE WHEN (count(*) FILTER (WHERE notifications_1.read_at IS NULL) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*) FILTER (WHERE notifications_1.read_at IS NULL)) END AS anon_3
FROM notifications AS notifications_1
WHERE users_1.id = notifications_1.user_id AND notifications_1.user_id = %(viewer_user_id)s) AS "unreadCount") AS anon_2) AS anon_1
FROM users AS users_1
WHERE users_1.id = %(r0s0_k0)s AND users_1.organization_id = %(viewer_organization_id)s) AS TEXT) AS r0, CAST((SELECT row_to_json(anon_4) AS row_to_json_2
FROM (SELECT (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*)) END AS anon_5
FROM notifications AS notifications_2
WHERE notifications_2.user_id = %(viewer_user_id)s) AS "totalCount", (SELECT row_to_json(anon_6) AS row_to_json_3
FROM (SELECT anon_7.n > CAST(%(r1s0_limit_)s AS BIGINT) AS "hasNextPage", anon_7.last AS "endCursor") AS anon_6) AS "pageInfo", coalesce(array_to_json(anon_7.a2), '[]'::json) AS edges
FROM (SELECT count(*) AS n, array_agg((SELECT row_to_json(anon_8) AS row_to_json_4
FROM (SELECT (SELECT row_to_json(anon_9) AS row_to_json_5
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_10.o0, anon_10.o1]) AS place) AS anon_9) AS cursor, anon_10.j0 AS node) AS anon_8) ORDER BY anon_10.n ASC) FILTER (WHERE anon_10.n <= CAST(%(r1s0_limit_)s AS BIGINT)) AS a2, CAST(max(CAST((SELECT row_to_json(anon_9) AS row_to_json_5
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_10.o0, anon_10.o1]) AS place) AS anon_9) AS TEXT)) FILTER (WHERE anon_10.n = %(n_1)s AND anon_10.n <= CAST(%(r1s0_limit_)s AS BIGINT)) AS JSON) AS first, CAST(max(CAST((SELECT row_to_json(anon_9) AS row_to_json_5
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_10.o0, anon_10.o1]) AS place) AS anon_9) AS TEXT)) FILTER (WHERE anon_10.n = least(anon_10.total, CAST(%(r1s0_limit_)s AS BIGINT)) AND anon_10.n <= CAST(%(r1s0_limit_)s AS BIGINT)) AS JSON) AS last
FROM (SELECT anon_11.j0 AS j0, anon_11.o0 AS o0, anon_11.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT (SELECT row_to_json(anon_12) AS row_to_json_6
FROM (SELECT CAST(notifications_3.id AS TEXT) AS id, notifications_3.kind AS kind, notifications_3.body AS body, CASE WHEN (notifications_3.created_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(notifications_3.created_at) END AS "createdAt", CASE WHEN (notifications_3.read_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(notifications_3.read_at) END AS "readAt", (SELECT (SELECT row_to_json(anon_14) AS row_to_json_7
FROM (SELECT CAST(matters_1.id AS TEXT) AS id, matters_1.reference AS reference, matters_1.title AS title) AS anon_14) AS anon_13
FROM matters AS matters_1
WHERE matters_1.id = notifications_3.matter_id AND matters_1.organization_id = %(viewer_organization_id)s) AS matter) AS anon_12) AS j0, CAST(notifications_3.created_at AS TEXT) AS o0, CAST(notifications_3.id AS TEXT) AS o1
FROM notifications AS notifications_3
WHERE notifications_3.user_id = %(viewer_user_id)s ORDER BY notifications_3.created_at DESC, notifications_3.id DESC
 LIMIT CAST(%(r1s0_limit_)s AS BIGINT) + 1) AS anon_11) AS anon_10) AS anon_7) AS anon_4) AS TEXT) AS r1;
