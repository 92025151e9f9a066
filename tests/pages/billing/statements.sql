-- 1
SELECT (SELECT '{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}' ELSE CAST(count(*) AS TEXT) END AS anon_2
FROM invoices AS invoices_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND invoices_1.status = %(r0s0_f0)s) || ',"pageInfo":{"hasNextPage":' || CAST(anon_3.n > CAST(%(r0s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_3.last || '},"nodes":' || anon_3.a2 || '}' AS anon_1
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_4.j0, ',' ORDER BY anon_4.n ASC) FILTER (WHERE anon_4.n <= CAST(%(r0s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max('{"bff cursor":0,"place":' || CAST(array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS TEXT) || '}') FILTER (WHERE anon_4.n = 1 AND anon_4.n <= CAST(%(r0s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max('{"bff cursor":0,"place":' || CAST(array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS TEXT) || '}') FILTER (WHERE anon_4.n = least(anon_4.total, CAST(%(r0s0_limit_)s AS BIGINT)) AND anon_4.n <= CAST(%(r0s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_5.j0 AS j0, anon_5.o0 AS o0, anon_5.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT '{"id":"' || CAST(invoices_2.id AS TEXT) || '","number":' || CAST(to_json(invoices_2.number) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_2.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_2.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_2.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_2.status AS TEXT) = 'void') THEN '"VOID"' ELSE '{"bff irregular":0}' END || ',"totalCents":' || CAST(invoices_2.total_cents AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_2.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}' ELSE CAST(to_json(invoices_2.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_2.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}' ELSE CAST(to_json(invoices_2.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT '{"id":"' || CAST(matters_2.id AS TEXT) || '","reference":' || CAST(to_json(matters_2.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_2.title) AS TEXT) || '}' AS anon_6
FROM matters AS matters_2
WHERE matters_2.id = invoices_2.matter_id), '{"bff irregular":0}') || ',"client":' || coalesce((SELECT '{"id":"' || CAST(clients_1.id AS TEXT) || '","name":' || CAST(to_json(clients_1.name) AS TEXT) || '}' AS anon_7
FROM clients AS clients_1
WHERE clients_1.id = invoices_2.client_id AND clients_1.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}') || '}' AS j0, CAST(invoices_2.issued_on AS TEXT) AS o0, CAST(invoices_2.id AS TEXT) AS o1
FROM invoices AS invoices_2
WHERE invoices_2.status = %(r0s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_3
WHERE matters_3.id = invoices_2.matter_id AND matters_3.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_2.issued_on DESC, invoices_2.id DESC
 LIMIT CAST(%(r0s0_limit_)s AS BIGINT) + 1) AS anon_5) AS anon_4) AS anon_3) AS r0, (SELECT '{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}' ELSE CAST(count(*) AS TEXT) END AS anon_9
FROM invoices AS invoices_3
WHERE (EXISTS (SELECT 1
FROM matters AS matters_4
WHERE matters_4.id = invoices_3.matter_id AND matters_4.organization_id = %(viewer_organization_id)s)) AND invoices_3.status = %(r1s0_f0)s) || ',"pageInfo":{"hasNextPage":' || CAST(anon_10.n > CAST(%(r1s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_10.last || '},"nodes":' || anon_10.a2 || '}' AS anon_8
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_11.j0, ',' ORDER BY anon_11.n ASC) FILTER (WHERE anon_11.n <= CAST(%(r1s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max('{"bff cursor":0,"place":' || CAST(array_to_json(ARRAY[anon_11.o0, anon_11.o1]) AS TEXT) || '}') FILTER (WHERE anon_11.n = 1 AND anon_11.n <= CAST(%(r1s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max('{"bff cursor":0,"place":' || CAST(array_to_json(ARRAY[anon_11.o0, anon_11.o1]) AS TEXT) || '}') FILTER (WHERE anon_11.n = least(anon_11.total, CAST(%(r1s0_limit_)s AS BIGINT)) AND anon_11.n <= CAST(%(r1s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_12.j0 AS j0, anon_12.o0 AS o0, anon_12.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT '{"id":"' || CAST(invoices_4.id AS TEXT) || '","number":' || CAST(to_json(invoices_4.number) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_4.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_4.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_4.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_4.status AS TEXT) = 'void') THEN '"VOID"' ELSE '{"bff irregular":0}' END || ',"totalCents":' || CAST(invoices_4.total_cents AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_4.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}' ELSE CAST(to_json(invoices_4.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_4.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}' ELSE CAST(to_json(invoices_4.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT '{"id":"' || CAST(matters_5.id AS TEXT) || '","reference":' || CAST(to_json(matters_5.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_5.title) AS TEXT) || '}' AS anon_13
FROM matters AS matters_5
WHERE matters_5.id = invoices_4.matter_id), '{"bff irregular":0}') || ',"client":' || coalesce((SELECT '{"id":"' || CAST(clients_2.id AS TEXT) || '","name":' || CAST(to_json(clients_2.name) AS TEXT) || '}' AS anon_14
FROM clients AS clients_2
WHERE clients_2.id = invoices_4.client_id AND clients_2.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}') || '}' AS j0, CAST(invoices_4.issued_on AS TEXT) AS o0, CAST(invoices_4.id AS TEXT) AS o1
FROM invoices AS invoices_4
WHERE invoices_4.status = %(r1s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_6
WHERE matters_6.id = invoices_4.matter_id AND matters_6.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_4.issued_on DESC, invoices_4.id DESC
 LIMIT CAST(%(r1s0_limit_)s AS BIGINT) + 1) AS anon_12) AS anon_11) AS anon_10) AS r1, (SELECT '{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}' ELSE CAST(count(*) AS TEXT) END AS anon_16
FROM invoices AS invoices_5
WHERE (EXISTS (SELECT 1
FROM matters AS matters_7
WHERE matters_7.id = invoices_5.matter_id AND matters_7.organization_id = %(viewer_organization_id)s)) AND invoices_5.status = %(r2s0_f0)s) || ',"pageInfo":{"hasNextPage":' || CAST(anon_17.n > CAST(%(r2s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_17.last || '},"nodes":' || anon_17.a2 || '}' AS anon_15
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_18.j0, ',' ORDER BY anon_18.n ASC) FILTER (WHERE anon_18.n <= CAST(%(r2s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max('{"bff cursor":0,"place":' || CAST(array_to_json(ARRAY[anon_18.o0, anon_18.o1]) AS TEXT) || '}') FILTER (WHERE anon_18.n = 1 AND anon_18.n <= CAST(%(r2s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max('{"bff cursor":0,"place":' || CAST(array_to_json(ARRAY[anon_18.o0, anon_18.o1]) AS TEXT) || '}') FILTER (WHERE anon_18.n = least(anon_18.total, CAST(%(r2s0_limit_)s AS BIGINT)) AND anon_18.n <= CAST(%(r2s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_19.j0 AS j0, anon_19.o0 AS o0, anon_19.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT '{"id":"' || CAST(invoices_6.id AS TEXT) || '","number":' || CAST(to_json(invoices_6.number) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_6.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_6.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_6.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_6.status AS TEXT) = 'void') THEN '"VOID"' ELSE '{"bff irregular":0}' END || ',"totalCents":' || CAST(invoices_6.total_cents AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_6.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}' ELSE CAST(to_json(invoices_6.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_6.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}' ELSE CAST(to_json(invoices_6.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT '{"id":"' || CAST(matters_8.id AS TEXT) || '","reference":' || CAST(to_json(matters_8.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_8.title) AS TEXT) || '}' AS anon_20
FROM matters AS matters_8
WHERE matters_8.id = invoices_6.matter_id), '{"bff irregular":0}') || ',"client":' || coalesce((SELECT '{"id":"' || CAST(clients_3.id AS TEXT) || '","name":' || CAST(to_json(clients_3.name) AS TEXT) || '}' AS anon_21
FROM clients AS clients_3
WHERE clients_3.id = invoices_6.client_id AND clients_3.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}') || '}' AS j0, CAST(invoices_6.issued_on AS TEXT) AS o0, CAST(invoices_6.id AS TEXT) AS o1
FROM invoices AS invoices_6
WHERE invoices_6.status = %(r2s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_9
WHERE matters_9.id = invoices_6.matter_id AND matters_9.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_6.issued_on DESC, invoices_6.id DESC
 LIMIT CAST(%(r2s0_limit_)s AS BIGINT) + 1) AS anon_19) AS anon_18) AS anon_17) AS r2, (SELECT '{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}' ELSE CAST(count(*) AS TEXT) END AS anon_23
FROM invoices AS invoices_7
WHERE (EXISTS (SELECT 1
FROM matters AS matters_10
WHERE matters_10.id = invoices_7.matter_id AND matters_10.organization_id = %(viewer_organization_id)s)) AND invoices_7.status = %(r3s0_f0)s) || ',"pageInfo":{"hasNextPage":' || CAST(anon_24.n > CAST(%(r3s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_24.last || '},"nodes":' || anon_24.a2 || '}' AS anon_22
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_25.j0, ',' ORDER BY anon_25.n ASC) FILTER (WHERE anon_25.n <= CAST(%(r3s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max('{"bff cursor":0,"place":' || CAST(array_to_json(ARRAY[anon_25.o0, anon_25.o1]) AS TEXT) || '}') FILTER (WHERE anon_25.n = 1 AND anon_25.n <= CAST(%(r3s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max('{"bff cursor":0,"place":' || CAST(array_to_json(ARRAY[anon_25.o0, anon_25.o1]) AS TEXT) || '}') FILTER (WHERE anon_25.n = least(anon_25.total, CAST(%(r3s0_limit_)s AS BIGINT)) AND anon_25.n <= CAST(%(r3s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_26.j0 AS j0, anon_26.o0 AS o0, anon_26.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT '{"id":"' || CAST(invoices_8.id AS TEXT) || '","number":' || CAST(to_json(invoices_8.number) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_8.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_8.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_8.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_8.status AS TEXT) = 'void') THEN '"VOID"' ELSE '{"bff irregular":0}' END || ',"totalCents":' || CAST(invoices_8.total_cents AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_8.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}' ELSE CAST(to_json(invoices_8.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_8.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}' ELSE CAST(to_json(invoices_8.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT '{"id":"' || CAST(matters_11.id AS TEXT) || '","reference":' || CAST(to_json(matters_11.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_11.title) AS TEXT) || '}' AS anon_27
FROM matters AS matters_11
WHERE matters_11.id = invoices_8.matter_id), '{"bff irregular":0}') || ',"client":' || coalesce((SELECT '{"id":"' || CAST(clients_4.id AS TEXT) || '","name":' || CAST(to_json(clients_4.name) AS TEXT) || '}' AS anon_28
FROM clients AS clients_4
WHERE clients_4.id = invoices_8.client_id AND clients_4.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}') || '}' AS j0, CAST(invoices_8.issued_on AS TEXT) AS o0, CAST(invoices_8.id AS TEXT) AS o1
FROM invoices AS invoices_8
WHERE invoices_8.status = %(r3s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_12
WHERE matters_12.id = invoices_8.matter_id AND matters_12.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_8.issued_on DESC, invoices_8.id DESC
 LIMIT CAST(%(r3s0_limit_)s AS BIGINT) + 1) AS anon_26) AS anon_25) AS anon_24) AS r3;

-- 2
SELECT time_entries_1.id AS c0, time_entries_1.minutes AS c1, time_entries_1.worked_on AS c2, time_entries_1.note AS c3, time_entries_1.user_id AS c4, time_entries_1.matter_id AS c5, coalesce((SELECT '{"id":"' || CAST(matters_1.id AS TEXT) || '","reference":' || CAST(to_json(matters_1.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_1.title) AS TEXT) || ',"unbilledMinutes":' || (SELECT CASE WHEN (CAST(coalesce(sum(time_entries_2.minutes) FILTER (WHERE time_entries_2.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_2.matter_id AND invoices.status IN (%(status_1_1)s, %(status_1_2)s) AND invoices.issued_on >= time_entries_2.worked_on))), 0) AS BIGINT) != CAST(CAST(coalesce(sum(time_entries_2.minutes) FILTER (WHERE time_entries_2.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_2.matter_id AND invoices.status IN (%(status_1_1)s, %(status_1_2)s) AND invoices.issued_on >= time_entries_2.worked_on))), 0) AS BIGINT) AS BIGINT)) THEN '{"bff irregular":0}' ELSE CAST(CAST(CAST(coalesce(sum(time_entries_2.minutes) FILTER (WHERE time_entries_2.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_2.matter_id AND invoices.status IN (%(status_1_1)s, %(status_1_2)s) AND invoices.issued_on >= time_entries_2.worked_on))), 0) AS BIGINT) AS BIGINT) AS TEXT) END AS anon_2
FROM time_entries AS time_entries_2
WHERE matters_1.id = time_entries_2.matter_id) || '}' AS anon_1
FROM matters AS matters_1
WHERE matters_1.id = time_entries_1.matter_id), '{"bff irregular":0}') AS c6, CAST(time_entries_1.worked_on AS TEXT) AS o0, CAST(time_entries_1.id AS TEXT) AS o1
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
