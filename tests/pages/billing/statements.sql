-- 1
SELECT (SELECT '{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(count(*) AS TEXT) END AS anon_2
FROM invoices AS invoices_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND invoices_1.status = %(r0s0_f0)s) || ',"pageInfo":{"hasNextPage":' || CAST(anon_3.n > CAST(%(r0s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_3.last || '},"nodes":' || anon_3.a2 || '}' AS anon_1
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_4.j0, ',' ORDER BY anon_4.n ASC) FILTER (WHERE anon_4.n <= CAST(%(r0s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max(E'\0020:' || CAST(array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS TEXT) || E'\002') FILTER (WHERE anon_4.n = 1 AND anon_4.n <= CAST(%(r0s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max(E'\0020:' || CAST(array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS TEXT) || E'\002') FILTER (WHERE anon_4.n = least(anon_4.total, CAST(%(r0s0_limit_)s AS BIGINT)) AND anon_4.n <= CAST(%(r0s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_5.j0 AS j0, anon_5.o0 AS o0, anon_5.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT coalesce('{"id":"' || CAST(invoices_2.id AS TEXT) || '","number":' || CAST(to_json(invoices_2.number) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_2.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_2.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_2.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_2.status AS TEXT) = 'void') THEN '"VOID"' ELSE E'\001' END || ',"totalCents":' || CAST(invoices_2.total_cents AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_2.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_2.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_2.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_2.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT coalesce('{"id":"' || CAST(matters_2.id AS TEXT) || '","reference":' || CAST(to_json(matters_2.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_2.title) AS TEXT) || '}', E'\001') AS coalesce_1
FROM matters AS matters_2
WHERE matters_2.id = invoices_2.matter_id), E'\001') || ',"client":' || coalesce((SELECT coalesce('{"id":"' || CAST(clients_1.id AS TEXT) || '","name":' || CAST(to_json(clients_1.name) AS TEXT) || '}', E'\001') AS coalesce_2
FROM clients AS clients_1
WHERE clients_1.id = invoices_2.client_id AND clients_1.organization_id = %(viewer_organization_id)s), E'\001') || '}', E'\001') AS j0, CAST(invoices_2.issued_on AS TEXT) AS o0, CAST(invoices_2.id AS TEXT) AS o1
FROM invoices AS invoices_2
WHERE invoices_2.status = %(r0s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_3
WHERE matters_3.id = invoices_2.matter_id AND matters_3.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_2.issued_on DESC, invoices_2.id DESC
 LIMIT CAST(%(r0s0_limit_)s AS BIGINT) + 1) AS anon_5) AS anon_4) AS anon_3) AS r0, (SELECT '{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(count(*) AS TEXT) END AS anon_7
FROM invoices AS invoices_3
WHERE (EXISTS (SELECT 1
FROM matters AS matters_4
WHERE matters_4.id = invoices_3.matter_id AND matters_4.organization_id = %(viewer_organization_id)s)) AND invoices_3.status = %(r1s0_f0)s) || ',"pageInfo":{"hasNextPage":' || CAST(anon_8.n > CAST(%(r1s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_8.last || '},"nodes":' || anon_8.a2 || '}' AS anon_6
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_9.j0, ',' ORDER BY anon_9.n ASC) FILTER (WHERE anon_9.n <= CAST(%(r1s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max(E'\0020:' || CAST(array_to_json(ARRAY[anon_9.o0, anon_9.o1]) AS TEXT) || E'\002') FILTER (WHERE anon_9.n = 1 AND anon_9.n <= CAST(%(r1s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max(E'\0020:' || CAST(array_to_json(ARRAY[anon_9.o0, anon_9.o1]) AS TEXT) || E'\002') FILTER (WHERE anon_9.n = least(anon_9.total, CAST(%(r1s0_limit_)s AS BIGINT)) AND anon_9.n <= CAST(%(r1s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_10.j0 AS j0, anon_10.o0 AS o0, anon_10.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT coalesce('{"id":"' || CAST(invoices_4.id AS TEXT) || '","number":' || CAST(to_json(invoices_4.number) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_4.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_4.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_4.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_4.status AS TEXT) = 'void') THEN '"VOID"' ELSE E'\001' END || ',"totalCents":' || CAST(invoices_4.total_cents AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_4.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_4.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_4.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_4.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT coalesce('{"id":"' || CAST(matters_5.id AS TEXT) || '","reference":' || CAST(to_json(matters_5.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_5.title) AS TEXT) || '}', E'\001') AS coalesce_3
FROM matters AS matters_5
WHERE matters_5.id = invoices_4.matter_id), E'\001') || ',"client":' || coalesce((SELECT coalesce('{"id":"' || CAST(clients_2.id AS TEXT) || '","name":' || CAST(to_json(clients_2.name) AS TEXT) || '}', E'\001') AS coalesce_4
FROM clients AS clients_2
WHERE clients_2.id = invoices_4.client_id AND clients_2.organization_id = %(viewer_organization_id)s), E'\001') || '}', E'\001') AS j0, CAST(invoices_4.issued_on AS TEXT) AS o0, CAST(invoices_4.id AS TEXT) AS o1
FROM invoices AS invoices_4
WHERE invoices_4.status = %(r1s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_6
WHERE matters_6.id = invoices_4.matter_id AND matters_6.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_4.issued_on DESC, invoices_4.id DESC
 LIMIT CAST(%(r1s0_limit_)s AS BIGINT) + 1) AS anon_10) AS anon_9) AS anon_8) AS r1, (SELECT '{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(count(*) AS TEXT) END AS anon_12
FROM invoices AS invoices_5
WHERE (EXISTS (SELECT 1
FROM matters AS matters_7
WHERE matters_7.id = invoices_5.matter_id AND matters_7.organization_id = %(viewer_organization_id)s)) AND invoices_5.status = %(r2s0_f0)s) || ',"pageInfo":{"hasNextPage":' || CAST(anon_13.n > CAST(%(r2s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_13.last || '},"nodes":' || anon_13.a2 || '}' AS anon_11
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_14.j0, ',' ORDER BY anon_14.n ASC) FILTER (WHERE anon_14.n <= CAST(%(r2s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max(E'\0020:' || CAST(array_to_json(ARRAY[anon_14.o0, anon_14.o1]) AS TEXT) || E'\002') FILTER (WHERE anon_14.n = 1 AND anon_14.n <= CAST(%(r2s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max(E'\0020:' || CAST(array_to_json(ARRAY[anon_14.o0, anon_14.o1]) AS TEXT) || E'\002') FILTER (WHERE anon_14.n = least(anon_14.total, CAST(%(r2s0_limit_)s AS BIGINT)) AND anon_14.n <= CAST(%(r2s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_15.j0 AS j0, anon_15.o0 AS o0, anon_15.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT coalesce('{"id":"' || CAST(invoices_6.id AS TEXT) || '","number":' || CAST(to_json(invoices_6.number) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_6.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_6.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_6.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_6.status AS TEXT) = 'void') THEN '"VOID"' ELSE E'\001' END || ',"totalCents":' || CAST(invoices_6.total_cents AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_6.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_6.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_6.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_6.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT coalesce('{"id":"' || CAST(matters_8.id AS TEXT) || '","reference":' || CAST(to_json(matters_8.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_8.title) AS TEXT) || '}', E'\001') AS coalesce_5
FROM matters AS matters_8
WHERE matters_8.id = invoices_6.matter_id), E'\001') || ',"client":' || coalesce((SELECT coalesce('{"id":"' || CAST(clients_3.id AS TEXT) || '","name":' || CAST(to_json(clients_3.name) AS TEXT) || '}', E'\001') AS coalesce_6
FROM clients AS clients_3
WHERE clients_3.id = invoices_6.client_id AND clients_3.organization_id = %(viewer_organization_id)s), E'\001') || '}', E'\001') AS j0, CAST(invoices_6.issued_on AS TEXT) AS o0, CAST(invoices_6.id AS TEXT) AS o1
FROM invoices AS invoices_6
WHERE invoices_6.status = %(r2s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_9
WHERE matters_9.id = invoices_6.matter_id AND matters_9.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_6.issued_on DESC, invoices_6.id DESC
 LIMIT CAST(%(r2s0_limit_)s AS BIGINT) + 1) AS anon_15) AS anon_14) AS anon_13) AS r2, (SELECT '{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(count(*) AS TEXT) END AS anon_17
FROM invoices AS invoices_7
WHERE (EXISTS (SELECT 1
FROM matters AS matters_10
WHERE matters_10.id = invoices_7.matter_id AND matters_10.organization_id = %(viewer_organization_id)s)) AND invoices_7.status = %(r3s0_f0)s) || ',"pageInfo":{"hasNextPage":' || CAST(anon_18.n > CAST(%(r3s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_18.last || '},"nodes":' || anon_18.a2 || '}' AS anon_16
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_19.j0, ',' ORDER BY anon_19.n ASC) FILTER (WHERE anon_19.n <= CAST(%(r3s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max(E'\0020:' || CAST(array_to_json(ARRAY[anon_19.o0, anon_19.o1]) AS TEXT) || E'\002') FILTER (WHERE anon_19.n = 1 AND anon_19.n <= CAST(%(r3s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max(E'\0020:' || CAST(array_to_json(ARRAY[anon_19.o0, anon_19.o1]) AS TEXT) || E'\002') FILTER (WHERE anon_19.n = least(anon_19.total, CAST(%(r3s0_limit_)s AS BIGINT)) AND anon_19.n <= CAST(%(r3s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_20.j0 AS j0, anon_20.o0 AS o0, anon_20.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT coalesce('{"id":"' || CAST(invoices_8.id AS TEXT) || '","number":' || CAST(to_json(invoices_8.number) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_8.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_8.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_8.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_8.status AS TEXT) = 'void') THEN '"VOID"' ELSE E'\001' END || ',"totalCents":' || CAST(invoices_8.total_cents AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_8.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_8.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_8.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_8.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT coalesce('{"id":"' || CAST(matters_11.id AS TEXT) || '","reference":' || CAST(to_json(matters_11.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_11.title) AS TEXT) || '}', E'\001') AS coalesce_7
FROM matters AS matters_11
WHERE matters_11.id = invoices_8.matter_id), E'\001') || ',"client":' || coalesce((SELECT coalesce('{"id":"' || CAST(clients_4.id AS TEXT) || '","name":' || CAST(to_json(clients_4.name) AS TEXT) || '}', E'\001') AS coalesce_8
FROM clients AS clients_4
WHERE clients_4.id = invoices_8.client_id AND clients_4.organization_id = %(viewer_organization_id)s), E'\001') || '}', E'\001') AS j0, CAST(invoices_8.issued_on AS TEXT) AS o0, CAST(invoices_8.id AS TEXT) AS o1
FROM invoices AS invoices_8
WHERE invoices_8.status = %(r3s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_12
WHERE matters_12.id = invoices_8.matter_id AND matters_12.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_8.issued_on DESC, invoices_8.id DESC
 LIMIT CAST(%(r3s0_limit_)s AS BIGINT) + 1) AS anon_20) AS anon_19) AS anon_18) AS r3, (SELECT '{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(count(*) AS TEXT) END AS anon_22
FROM time_entries AS time_entries_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_13
WHERE matters_13.id = time_entries_1.matter_id AND matters_13.organization_id = %(viewer_organization_id)s)) AND time_entries_1.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_1.matter_id AND invoices.status IN (%(status_1_1)s, %(status_1_2)s) AND invoices.issued_on >= time_entries_1.worked_on))) || ',"pageInfo":{"hasNextPage":' || CAST(anon_23.n > CAST(%(r4s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_23.last || '},"nodes":' || anon_23.a2 || '}' AS anon_21
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_24.j0, ',' ORDER BY anon_24.n ASC) FILTER (WHERE anon_24.n <= CAST(%(r4s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max(E'\0020:' || CAST(array_to_json(ARRAY[anon_24.o0, anon_24.o1]) AS TEXT) || E'\002') FILTER (WHERE anon_24.n = 1 AND anon_24.n <= CAST(%(r4s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max(E'\0020:' || CAST(array_to_json(ARRAY[anon_24.o0, anon_24.o1]) AS TEXT) || E'\002') FILTER (WHERE anon_24.n = least(anon_24.total, CAST(%(r4s0_limit_)s AS BIGINT)) AND anon_24.n <= CAST(%(r4s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_25.j0 AS j0, anon_25.o0 AS o0, anon_25.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT coalesce('{"id":"' || CAST(time_entries_2.id AS TEXT) || '","minutes":' || CAST(time_entries_2.minutes AS TEXT) || ',"workedOn":' || CASE WHEN (time_entries_2.worked_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(time_entries_2.worked_on) AS TEXT) END || ',"note":' || CAST(to_json(time_entries_2.note) AS TEXT) || ',"user":' || coalesce((SELECT coalesce('{"id":"' || CAST(users_1.id AS TEXT) || '","name":' || CAST(to_json(users_1.name) AS TEXT) || E',"initials":\0021:' || CAST(array_to_json(ARRAY[CAST(users_1.name AS TEXT)]) AS TEXT) || E'\002,"avatarUrl":' || CASE WHEN (users_1.avatar_url IS NULL) THEN 'null' ELSE CAST(to_json(users_1.avatar_url) AS TEXT) END || '}', E'\001') AS coalesce_9
FROM users AS users_1
WHERE users_1.id = time_entries_2.user_id AND users_1.organization_id = %(viewer_organization_id)s), E'\001') || ',"matter":' || coalesce((SELECT coalesce('{"id":"' || CAST(matters_14.id AS TEXT) || '","reference":' || CAST(to_json(matters_14.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_14.title) AS TEXT) || ',"unbilledMinutes":' || (SELECT CAST(CAST(coalesce(sum(time_entries_3.minutes) FILTER (WHERE time_entries_3.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_3.matter_id AND invoices.status IN (%(status_2_1)s, %(status_2_2)s) AND invoices.issued_on >= time_entries_3.worked_on))), 0) AS BIGINT) AS TEXT) AS coalesce_11
FROM time_entries AS time_entries_3
WHERE matters_14.id = time_entries_3.matter_id) || '}', E'\001') AS coalesce_10
FROM matters AS matters_14
WHERE matters_14.id = time_entries_2.matter_id), E'\001') || '}', E'\001') AS j0, CAST(time_entries_2.worked_on AS TEXT) AS o0, CAST(time_entries_2.id AS TEXT) AS o1
FROM time_entries AS time_entries_2
WHERE (EXISTS (SELECT 1
FROM matters AS matters_15
WHERE matters_15.id = time_entries_2.matter_id AND matters_15.organization_id = %(viewer_organization_id)s)) AND time_entries_2.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_2.matter_id AND invoices.status IN (%(status_3_1)s, %(status_3_2)s) AND invoices.issued_on >= time_entries_2.worked_on)) ORDER BY time_entries_2.worked_on DESC, time_entries_2.id DESC
 LIMIT CAST(%(r4s0_limit_)s AS BIGINT) + 1) AS anon_25) AS anon_24) AS anon_23) AS r4;
