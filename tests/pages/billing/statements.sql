-- 1
SELECT CAST((SELECT row_to_json(anon_1) AS row_to_json_1
FROM (SELECT (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*)) END AS anon_2
FROM invoices AS invoices_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND invoices_1.status = %(r0s0_f0)s) AS "totalCount", (SELECT row_to_json(anon_3) AS row_to_json_2
FROM (SELECT anon_4.n > CAST(%(r0s0_limit_)s AS BIGINT) AS "hasNextPage", anon_4.last AS "endCursor") AS anon_3) AS "pageInfo", coalesce(array_to_json(anon_4.a2), '[]'::json) AS nodes
FROM (SELECT count(*) AS n, array_agg(anon_5.j0 ORDER BY anon_5.n ASC) FILTER (WHERE anon_5.n <= CAST(%(r0s0_limit_)s AS BIGINT)) AS a2, CAST(max(CAST((SELECT row_to_json(anon_6) AS row_to_json_3
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_5.o0, anon_5.o1]) AS place) AS anon_6) AS TEXT)) FILTER (WHERE anon_5.n = %(n_1)s AND anon_5.n <= CAST(%(r0s0_limit_)s AS BIGINT)) AS JSON) AS first, CAST(max(CAST((SELECT row_to_json(anon_6) AS row_to_json_3
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_5.o0, anon_5.o1]) AS place) AS anon_6) AS TEXT)) FILTER (WHERE anon_5.n = least(anon_5.total, CAST(%(r0s0_limit_)s AS BIGINT)) AND anon_5.n <= CAST(%(r0s0_limit_)s AS BIGINT)) AS JSON) AS last
FROM (SELECT anon_7.j0 AS j0, anon_7.o0 AS o0, anon_7.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT (SELECT row_to_json(anon_8) AS row_to_json_4
FROM (SELECT CAST(invoices_2.id AS TEXT) AS id, invoices_2.number AS number, CASE WHEN ((CAST(invoices_2.status AS TEXT) NOT IN ('draft', 'sent', 'paid', 'void'))) THEN '{"bff irregular":0}'::json ELSE to_json(CASE WHEN (CAST(invoices_2.status AS TEXT) = 'draft') THEN 'DRAFT' WHEN (CAST(invoices_2.status AS TEXT) = 'sent') THEN 'SENT' WHEN (CAST(invoices_2.status AS TEXT) = 'paid') THEN 'PAID' WHEN (CAST(invoices_2.status AS TEXT) = 'void') THEN 'VOID' END) END AS status, invoices_2.total_cents AS "totalCents", CASE WHEN (invoices_2.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(invoices_2.issued_on) END AS "issuedOn", CASE WHEN (invoices_2.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(invoices_2.due_on) END AS "dueOn", coalesce((SELECT (SELECT row_to_json(anon_10) AS row_to_json_5
FROM (SELECT CAST(matters_2.id AS TEXT) AS id, matters_2.reference AS reference, matters_2.title AS title) AS anon_10) AS anon_9
FROM matters AS matters_2
WHERE matters_2.id = invoices_2.matter_id), '{"bff irregular":0}'::json) AS matter, coalesce((SELECT (SELECT row_to_json(anon_12) AS row_to_json_6
FROM (SELECT CAST(clients_1.id AS TEXT) AS id, clients_1.name AS name) AS anon_12) AS anon_11
FROM clients AS clients_1
WHERE clients_1.id = invoices_2.client_id AND clients_1.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS client) AS anon_8) AS j0, CAST(invoices_2.issued_on AS TEXT) AS o0, CAST(invoices_2.id AS TEXT) AS o1
FROM invoices AS invoices_2
WHERE invoices_2.status = %(r0s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_3
WHERE matters_3.id = invoices_2.matter_id AND matters_3.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_2.issued_on DESC, invoices_2.id DESC
 LIMIT CAST(%(r0s0_limit_)s AS BIGINT) + 1) AS anon_7) AS anon_5) AS anon_4) AS anon_1) AS TEXT) AS r0, CAST((SELECT row_to_json(anon_13) AS row_to_json_7
FROM (SELECT (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*)) END AS anon_14
FROM invoices AS invoices_3
WHERE (EXISTS (SELECT 1
FROM matters AS matters_4
WHERE matters_4.id = invoices_3.matter_id AND matters_4.organization_id = %(viewer_organization_id)s)) AND invoices_3.status = %(r1s0_f0)s) AS "totalCount", (SELECT row_to_json(anon_15) AS row_to_json_8
FROM (SELECT anon_16.n > CAST(%(r1s0_limit_)s AS BIGINT) AS "hasNextPage", anon_16.last AS "endCursor") AS anon_15) AS "pageInfo", coalesce(array_to_json(anon_16.a2), '[]'::json) AS nodes
FROM (SELECT count(*) AS n, array_agg(anon_17.j0 ORDER BY anon_17.n ASC) FILTER (WHERE anon_17.n <= CAST(%(r1s0_limit_)s AS BIGINT)) AS a2, CAST(max(CAST((SELECT row_to_json(anon_18) AS row_to_json_9
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_17.o0, anon_17.o1]) AS place) AS anon_18) AS TEXT)) FILTER (WHERE anon_17.n = %(n_2)s AND anon_17.n <= CAST(%(r1s0_limit_)s AS BIGINT)) AS JSON) AS first, CAST(max(CAST((SELECT row_to_json(anon_18) AS row_to_json_9
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_17.o0, anon_17.o1]) AS place) AS anon_18) AS TEXT)) FILTER (WHERE anon_17.n = least(anon_17.total, CAST(%(r1s0_limit_)s AS BIGINT)) AND anon_17.n <= CAST(%(r1s0_limit_)s AS BIGINT)) AS JSON) AS last
FROM (SELECT anon_19.j0 AS j0, anon_19.o0 AS o0, anon_19.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT (SELECT row_to_json(anon_20) AS row_to_json_10
FROM (SELECT CAST(invoices_4.id AS TEXT) AS id, invoices_4.number AS number, CASE WHEN ((CAST(invoices_4.status AS TEXT) NOT IN ('draft', 'sent', 'paid', 'void'))) THEN '{"bff irregular":0}'::json ELSE to_json(CASE WHEN (CAST(invoices_4.status AS TEXT) = 'draft') THEN 'DRAFT' WHEN (CAST(invoices_4.status AS TEXT) = 'sent') THEN 'SENT' WHEN (CAST(invoices_4.status AS TEXT) = 'paid') THEN 'PAID' WHEN (CAST(invoices_4.status AS TEXT) = 'void') THEN 'VOID' END) END AS status, invoices_4.total_cents AS "totalCents", CASE WHEN (invoices_4.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(invoices_4.issued_on) END AS "issuedOn", CASE WHEN (invoices_4.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(invoices_4.due_on) END AS "dueOn", coalesce((SELECT (SELECT row_to_json(anon_22) AS row_to_json_11
FROM (SELECT CAST(matters_5.id AS TEXT) AS id, matters_5.reference AS reference, matters_5.title AS title) AS anon_22) AS anon_21
FROM matters AS matters_5
WHERE matters_5.id = invoices_4.matter_id), '{"bff irregular":0}'::json) AS matter, coalesce((SELECT (SELECT row_to_json(anon_24) AS row_to_json_12
FROM (SELECT CAST(clients_2.id AS TEXT) AS id, clients_2.name AS name) AS anon_24) AS anon_23
FROM clients AS clients_2
WHERE clients_2.id = invoices_4.client_id AND clients_2.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS client) AS anon_20) AS j0, CAST(invoices_4.issued_on AS TEXT) AS o0, CAST(invoices_4.id AS TEXT) AS o1
FROM invoices AS invoices_4
WHERE invoices_4.status = %(r1s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_6
WHERE matters_6.id = invoices_4.matter_id AND matters_6.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_4.issued_on DESC, invoices_4.id DESC
 LIMIT CAST(%(r1s0_limit_)s AS BIGINT) + 1) AS anon_19) AS anon_17) AS anon_16) AS anon_13) AS TEXT) AS r1, CAST((SELECT row_to_json(anon_25) AS row_to_json_13
FROM (SELECT (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*)) END AS anon_26
FROM invoices AS invoices_5
WHERE (EXISTS (SELECT 1
FROM matters AS matters_7
WHERE matters_7.id = invoices_5.matter_id AND matters_7.organization_id = %(viewer_organization_id)s)) AND invoices_5.status = %(r2s0_f0)s) AS "totalCount", (SELECT row_to_json(anon_27) AS row_to_json_14
FROM (SELECT anon_28.n > CAST(%(r2s0_limit_)s AS BIGINT) AS "hasNextPage", anon_28.last AS "endCursor") AS anon_27) AS "pageInfo", coalesce(array_to_json(anon_28.a2), '[]'::json) AS nodes
FROM (SELECT count(*) AS n, array_agg(anon_29.j0 ORDER BY anon_29.n ASC) FILTER (WHERE anon_29.n <= CAST(%(r2s0_limit_)s AS BIGINT)) AS a2, CAST(max(CAST((SELECT row_to_json(anon_30) AS row_to_json_15
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_29.o0, anon_29.o1]) AS place) AS anon_30) AS TEXT)) FILTER (WHERE anon_29.n = %(n_3)s AND anon_29.n <= CAST(%(r2s0_limit_)s AS BIGINT)) AS JSON) AS first, CAST(max(CAST((SELECT row_to_json(anon_30) AS row_to_json_15
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_29.o0, anon_29.o1]) AS place) AS anon_30) AS TEXT)) FILTER (WHERE anon_29.n = least(anon_29.total, CAST(%(r2s0_limit_)s AS BIGINT)) AND anon_29.n <= CAST(%(r2s0_limit_)s AS BIGINT)) AS JSON) AS last
FROM (SELECT anon_31.j0 AS j0, anon_31.o0 AS o0, anon_31.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT (SELECT row_to_json(anon_32) AS row_to_json_16
FROM (SELECT CAST(invoices_6.id AS TEXT) AS id, invoices_6.number AS number, CASE WHEN ((CAST(invoices_6.status AS TEXT) NOT IN ('draft', 'sent', 'paid', 'void'))) THEN '{"bff irregular":0}'::json ELSE to_json(CASE WHEN (CAST(invoices_6.status AS TEXT) = 'draft') THEN 'DRAFT' WHEN (CAST(invoices_6.status AS TEXT) = 'sent') THEN 'SENT' WHEN (CAST(invoices_6.status AS TEXT) = 'paid') THEN 'PAID' WHEN (CAST(invoices_6.status AS TEXT) = 'void') THEN 'VOID' END) END AS status, invoices_6.total_cents AS "totalCents", CASE WHEN (invoices_6.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(invoices_6.issued_on) END AS "issuedOn", CASE WHEN (invoices_6.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(invoices_6.due_on) END AS "dueOn", coalesce((SELECT (SELECT row_to_json(anon_34) AS row_to_json_17
FROM (SELECT CAST(matters_8.id AS TEXT) AS id, matters_8.reference AS reference, matters_8.title AS title) AS anon_34) AS anon_33
FROM matters AS matters_8
WHERE matters_8.id = invoices_6.matter_id), '{"bff irregular":0}'::json) AS matter, coalesce((SELECT (SELECT row_to_json(anon_36) AS row_to_json_18
FROM (SELECT CAST(clients_3.id AS TEXT) AS id, clients_3.name AS name) AS anon_36) AS anon_35
FROM clients AS clients_3
WHERE clients_3.id = invoices_6.client_id AND clients_3.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS client) AS anon_32) AS j0, CAST(invoices_6.issued_on AS TEXT) AS o0, CAST(invoices_6.id AS TEXT) AS o1
FROM invoices AS invoices_6
WHERE invoices_6.status = %(r2s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_9
WHERE matters_9.id = invoices_6.matter_id AND matters_9.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_6.issued_on DESC, invoices_6.id DESC
 LIMIT CAST(%(r2s0_limit_)s AS BIGINT) + 1) AS anon_31) AS anon_29) AS anon_28) AS anon_25) AS TEXT) AS r2, CAST((SELECT row_to_json(anon_37) AS row_to_json_19
FROM (SELECT (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*)) END AS anon_38
FROM invoices AS invoices_7
WHERE (EXISTS (SELECT 1
FROM matters AS matters_10
WHERE matters_10.id = invoices_7.matter_id AND matters_10.organization_id = %(viewer_organization_id)s)) AND invoices_7.status = %(r3s0_f0)s) AS "totalCount", (SELECT row_to_json(anon_39) AS row_to_json_20
FROM (SELECT anon_40.n > CAST(%(r3s0_limit_)s AS BIGINT) AS "hasNextPage", anon_40.last AS "endCursor") AS anon_39) AS "pageInfo", coalesce(array_to_json(anon_40.a2), '[]'::json) AS nodes
FROM (SELECT count(*) AS n, array_agg(anon_41.j0 ORDER BY anon_41.n ASC) FILTER (WHERE anon_41.n <= CAST(%(r3s0_limit_)s AS BIGINT)) AS a2, CAST(max(CAST((SELECT row_to_json(anon_42) AS row_to_json_21
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_41.o0, anon_41.o1]) AS place) AS anon_42) AS TEXT)) FILTER (WHERE anon_41.n = %(n_4)s AND anon_41.n <= CAST(%(r3s0_limit_)s AS BIGINT)) AS JSON) AS first, CAST(max(CAST((SELECT row_to_json(anon_42) AS row_to_json_21
FROM (SELECT 0 AS "bff cursor", array_to_json(ARRAY[anon_41.o0, anon_41.o1]) AS place) AS anon_42) AS TEXT)) FILTER (WHERE anon_41.n = least(anon_41.total, CAST(%(r3s0_limit_)s AS BIGINT)) AND anon_41.n <= CAST(%(r3s0_limit_)s AS BIGINT)) AS JSON) AS last
FROM (SELECT anon_43.j0 AS j0, anon_43.o0 AS o0, anon_43.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT (SELECT row_to_json(anon_44) AS row_to_json_22
FROM (SELECT CAST(invoices_8.id AS TEXT) AS id, invoices_8.number AS number, CASE WHEN ((CAST(invoices_8.status AS TEXT) NOT IN ('draft', 'sent', 'paid', 'void'))) THEN '{"bff irregular":0}'::json ELSE to_json(CASE WHEN (CAST(invoices_8.status AS TEXT) = 'draft') THEN 'DRAFT' WHEN (CAST(invoices_8.status AS TEXT) = 'sent') THEN 'SENT' WHEN (CAST(invoices_8.status AS TEXT) = 'paid') THEN 'PAID' WHEN (CAST(invoices_8.status AS TEXT) = 'void') THEN 'VOID' END) END AS status, invoices_8.total_cents AS "totalCents", CASE WHEN (invoices_8.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(invoices_8.issued_on) END AS "issuedOn", CASE WHEN (invoices_8.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(invoices_8.due_on) END AS "dueOn", coalesce((SELECT (SELECT row_to_json(anon_46) AS row_to_json_23
FROM (SELECT CAST(matters_11.id AS TEXT) AS id, matters_11.reference AS reference, matters_11.title AS title) AS anon_46) AS anon_45
FROM matters AS matters_11
WHERE matters_11.id = invoices_8.matter_id), '{"bff irregular":0}'::json) AS matter, coalesce((SELECT (SELECT row_to_json(anon_48) AS row_to_json_24
FROM (SELECT CAST(clients_4.id AS TEXT) AS id, clients_4.name AS name) AS anon_48) AS anon_47
FROM clients AS clients_4
WHERE clients_4.id = invoices_8.client_id AND clients_4.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS client) AS anon_44) AS j0, CAST(invoices_8.issued_on AS TEXT) AS o0, CAST(invoices_8.id AS TEXT) AS o1
FROM invoices AS invoices_8
WHERE invoices_8.status = %(r3s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_12
WHERE matters_12.id = invoices_8.matter_id AND matters_12.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_8.issued_on DESC, invoices_8.id DESC
 LIMIT CAST(%(r3s0_limit_)s AS BIGINT) + 1) AS anon_43) AS anon_41) AS anon_40) AS anon_37) AS TEXT) AS r3;

-- 2
SELECT time_entries_1.id AS c0, time_entries_1.minutes AS c1, time_entries_1.worked_on AS c2, time_entries_1.note AS c3, time_entries_1.user_id AS c4, time_entries_1.matter_id AS c5, CAST(coalesce((SELECT (SELECT row_to_json(anon_2) AS row_to_json_1
FROM (SELECT CAST(matters_1.id AS TEXT) AS id, matters_1.reference AS reference, matters_1.title AS title, (SELECT CASE WHEN (CAST(coalesce(sum(time_entries_2.minutes) FILTER (WHERE time_entries_2.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_2.matter_id AND invoices.status IN (%(status_1_1)s, %(status_1_2)s) AND invoices.issued_on >= time_entries_2.worked_on))), 0) AS BIGINT) != CAST(CAST(coalesce(sum(time_entries_2.minutes) FILTER (WHERE time_entries_2.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_2.matter_id AND invoices.status IN (%(status_1_1)s, %(status_1_2)s) AND invoices.issued_on >= time_entries_2.worked_on))), 0) AS BIGINT) AS BIGINT)) THEN '{"bff irregular":0}'::json ELSE to_json(CAST(CAST(coalesce(sum(time_entries_2.minutes) FILTER (WHERE time_entries_2.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_2.matter_id AND invoices.status IN (%(status_1_1)s, %(status_1_2)s) AND invoices.issued_on >= time_entries_2.worked_on))), 0) AS BIGINT) AS BIGINT)) END AS anon_3
FROM time_entries AS time_entries_2
WHERE matters_1.id = time_entries_2.matter_id) AS "unbilledMinutes") AS anon_2) AS anon_1
FROM matters AS matters_1
WHERE matters_1.id = time_entries_1.matter_id), '{"bff irregular":0}'::json) AS TEXT) AS c6, CAST(time_entries_1.worked_on AS TEXT) AS o0, CAST(time_entries_1.id AS TEXT) AS o1
FROM time_entries AS time_entries_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = time_entries_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s)) AND time_entries_1.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_1.matter_id AND invoices.status IN (%(status_2_1)s, %(status_2_2)s) AND invoices.issued_on >= time_entries_1.worked_on)) ORDER BY time_entries_1.worked_on DESC, time_entries_1.id DESC
 LIMIT %(limit_)s;

-- 3
SELECT count(*) AS count_1
FROM time_entries AS time_entries_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = time_entries_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND time_entries_1.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_1.matter_id AND invoices.status IN (%(status_1_1)s, %(status_1_2)s) AND invoices.issued_on >= time_entries_1.worked_on));

-- 4
SELECT users_1.id AS k0, users_1.name AS c0, users_1.avatar_url AS c1
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;
