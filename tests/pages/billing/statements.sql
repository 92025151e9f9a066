-- 1
SELECT (SELECT (SELECT ('{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) AS BIGINT) AS TEXT) END AS anon_2
FROM invoices AS invoices_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND invoices_1.status = %(r0s0_f0)s) || ',"pageInfo":{"hasNextPage":' || CAST(anon_3.n > CAST(%(r0s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_3.last || '},"nodes":' || anon_3.a2 || '}') AS anon_1
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_4.j0, ',' ORDER BY anon_4.n ASC) FILTER (WHERE anon_4.n <= CAST(%(r0s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max((E'\0020:' || CAST(array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS TEXT) || E'\002')) FILTER (WHERE anon_4.n = 1 AND anon_4.n <= CAST(%(r0s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max((E'\0020:' || CAST(array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS TEXT) || E'\002')) FILTER (WHERE anon_4.n = least(anon_4.total, CAST(%(r0s0_limit_)s AS BIGINT)) AND anon_4.n <= CAST(%(r0s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_5.j0 AS j0, anon_5.o0 AS o0, anon_5.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(invoices_2.id AS BIGINT) AS TEXT) || '","number":' || CAST(to_json(CAST(invoices_2.number AS TEXT)) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_2.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_2.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_2.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_2.status AS TEXT) = 'void') THEN '"VOID"' ELSE E'\001' END || ',"totalCents":' || CAST(CAST(invoices_2.total_cents AS BIGINT) AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_2.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_2.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_2.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_2.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(matters_2.id AS BIGINT) AS TEXT) || '","reference":' || CAST(to_json(CAST(matters_2.reference AS TEXT)) AS TEXT) || ',"title":' || CAST(to_json(CAST(matters_2.title AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_1
FROM matters AS matters_2
WHERE matters_2.id = invoices_2.matter_id), E'\001') || ',"client":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(clients_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(clients_1.name AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_2
FROM clients AS clients_1
WHERE clients_1.id = invoices_2.client_id AND clients_1.organization_id = %(viewer_organization_id)s), E'\001') || '}'), E'\001') AS j0, CAST(invoices_2.issued_on AS TEXT) AS o0, CAST(invoices_2.id AS TEXT) AS o1
FROM invoices AS invoices_2
WHERE invoices_2.status = %(r0s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_3
WHERE matters_3.id = invoices_2.matter_id AND matters_3.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_2.issued_on DESC, invoices_2.id DESC
 LIMIT CAST(%(r0s0_limit_)s AS BIGINT) + 1) AS anon_5) AS anon_4) AS anon_3) AS j) AS r0,
(SELECT (SELECT ('{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) AS BIGINT) AS TEXT) END AS anon_2
FROM invoices AS invoices_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND invoices_1.status = %(r1s0_f0)s) || ',"pageInfo":{"hasNextPage":' || CAST(anon_3.n > CAST(%(r1s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_3.last || '},"nodes":' || anon_3.a2 || '}') AS anon_1
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_4.j0, ',' ORDER BY anon_4.n ASC) FILTER (WHERE anon_4.n <= CAST(%(r1s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max((E'\0020:' || CAST(array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS TEXT) || E'\002')) FILTER (WHERE anon_4.n = 1 AND anon_4.n <= CAST(%(r1s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max((E'\0020:' || CAST(array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS TEXT) || E'\002')) FILTER (WHERE anon_4.n = least(anon_4.total, CAST(%(r1s0_limit_)s AS BIGINT)) AND anon_4.n <= CAST(%(r1s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_5.j0 AS j0, anon_5.o0 AS o0, anon_5.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(invoices_2.id AS BIGINT) AS TEXT) || '","number":' || CAST(to_json(CAST(invoices_2.number AS TEXT)) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_2.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_2.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_2.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_2.status AS TEXT) = 'void') THEN '"VOID"' ELSE E'\001' END || ',"totalCents":' || CAST(CAST(invoices_2.total_cents AS BIGINT) AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_2.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_2.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_2.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_2.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(matters_2.id AS BIGINT) AS TEXT) || '","reference":' || CAST(to_json(CAST(matters_2.reference AS TEXT)) AS TEXT) || ',"title":' || CAST(to_json(CAST(matters_2.title AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_1
FROM matters AS matters_2
WHERE matters_2.id = invoices_2.matter_id), E'\001') || ',"client":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(clients_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(clients_1.name AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_2
FROM clients AS clients_1
WHERE clients_1.id = invoices_2.client_id AND clients_1.organization_id = %(viewer_organization_id)s), E'\001') || '}'), E'\001') AS j0, CAST(invoices_2.issued_on AS TEXT) AS o0, CAST(invoices_2.id AS TEXT) AS o1
FROM invoices AS invoices_2
WHERE invoices_2.status = %(r1s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_3
WHERE matters_3.id = invoices_2.matter_id AND matters_3.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_2.issued_on DESC, invoices_2.id DESC
 LIMIT CAST(%(r1s0_limit_)s AS BIGINT) + 1) AS anon_5) AS anon_4) AS anon_3) AS j) AS r1,
(SELECT (SELECT ('{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) AS BIGINT) AS TEXT) END AS anon_2
FROM invoices AS invoices_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND invoices_1.status = %(r2s0_f0)s) || ',"pageInfo":{"hasNextPage":' || CAST(anon_3.n > CAST(%(r2s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_3.last || '},"nodes":' || anon_3.a2 || '}') AS anon_1
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_4.j0, ',' ORDER BY anon_4.n ASC) FILTER (WHERE anon_4.n <= CAST(%(r2s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max((E'\0020:' || CAST(array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS TEXT) || E'\002')) FILTER (WHERE anon_4.n = 1 AND anon_4.n <= CAST(%(r2s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max((E'\0020:' || CAST(array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS TEXT) || E'\002')) FILTER (WHERE anon_4.n = least(anon_4.total, CAST(%(r2s0_limit_)s AS BIGINT)) AND anon_4.n <= CAST(%(r2s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_5.j0 AS j0, anon_5.o0 AS o0, anon_5.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(invoices_2.id AS BIGINT) AS TEXT) || '","number":' || CAST(to_json(CAST(invoices_2.number AS TEXT)) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_2.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_2.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_2.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_2.status AS TEXT) = 'void') THEN '"VOID"' ELSE E'\001' END || ',"totalCents":' || CAST(CAST(invoices_2.total_cents AS BIGINT) AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_2.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_2.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_2.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_2.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(matters_2.id AS BIGINT) AS TEXT) || '","reference":' || CAST(to_json(CAST(matters_2.reference AS TEXT)) AS TEXT) || ',"title":' || CAST(to_json(CAST(matters_2.title AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_1
FROM matters AS matters_2
WHERE matters_2.id = invoices_2.matter_id), E'\001') || ',"client":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(clients_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(clients_1.name AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_2
FROM clients AS clients_1
WHERE clients_1.id = invoices_2.client_id AND clients_1.organization_id = %(viewer_organization_id)s), E'\001') || '}'), E'\001') AS j0, CAST(invoices_2.issued_on AS TEXT) AS o0, CAST(invoices_2.id AS TEXT) AS o1
FROM invoices AS invoices_2
WHERE invoices_2.status = %(r2s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_3
WHERE matters_3.id = invoices_2.matter_id AND matters_3.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_2.issued_on DESC, invoices_2.id DESC
 LIMIT CAST(%(r2s0_limit_)s AS BIGINT) + 1) AS anon_5) AS anon_4) AS anon_3) AS j) AS r2,
(SELECT (SELECT ('{"totalCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) AS BIGINT) AS TEXT) END AS anon_2
FROM invoices AS invoices_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND invoices_1.status = %(r3s0_f0)s) || ',"pageInfo":{"hasNextPage":' || CAST(anon_3.n > CAST(%(r3s0_limit_)s AS BIGINT) AS TEXT) || ',"endCursor":' || anon_3.last || '},"nodes":' || anon_3.a2 || '}') AS anon_1
FROM (SELECT count(*) AS n, coalesce('[' || string_agg(anon_4.j0, ',' ORDER BY anon_4.n ASC) FILTER (WHERE anon_4.n <= CAST(%(r3s0_limit_)s AS BIGINT)) || ']', '[]') AS a2, coalesce(max((E'\0020:' || CAST(array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS TEXT) || E'\002')) FILTER (WHERE anon_4.n = 1 AND anon_4.n <= CAST(%(r3s0_limit_)s AS BIGINT)), 'null') AS first, coalesce(max((E'\0020:' || CAST(array_to_json(ARRAY[anon_4.o0, anon_4.o1]) AS TEXT) || E'\002')) FILTER (WHERE anon_4.n = least(anon_4.total, CAST(%(r3s0_limit_)s AS BIGINT)) AND anon_4.n <= CAST(%(r3s0_limit_)s AS BIGINT)), 'null') AS last
FROM (SELECT anon_5.j0 AS j0, anon_5.o0 AS o0, anon_5.o1 AS o1, row_number() OVER () AS n, count(*) OVER () AS total
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(invoices_2.id AS BIGINT) AS TEXT) || '","number":' || CAST(to_json(CAST(invoices_2.number AS TEXT)) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_2.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_2.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_2.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_2.status AS TEXT) = 'void') THEN '"VOID"' ELSE E'\001' END || ',"totalCents":' || CAST(CAST(invoices_2.total_cents AS BIGINT) AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_2.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_2.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_2.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_2.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(matters_2.id AS BIGINT) AS TEXT) || '","reference":' || CAST(to_json(CAST(matters_2.reference AS TEXT)) AS TEXT) || ',"title":' || CAST(to_json(CAST(matters_2.title AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_1
FROM matters AS matters_2
WHERE matters_2.id = invoices_2.matter_id), E'\001') || ',"client":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(clients_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(clients_1.name AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_2
FROM clients AS clients_1
WHERE clients_1.id = invoices_2.client_id AND clients_1.organization_id = %(viewer_organization_id)s), E'\001') || '}'), E'\001') AS j0, CAST(invoices_2.issued_on AS TEXT) AS o0, CAST(invoices_2.id AS TEXT) AS o1
FROM invoices AS invoices_2
WHERE invoices_2.status = %(r3s0_f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_3
WHERE matters_3.id = invoices_2.matter_id AND matters_3.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_2.issued_on DESC, invoices_2.id DESC
 LIMIT CAST(%(r3s0_limit_)s AS BIGINT) + 1) AS anon_5) AS anon_4) AS anon_3) AS j) AS r3;

-- 2
SELECT time_entries_1.id AS c0, time_entries_1.minutes AS c1, time_entries_1.worked_on AS c2, time_entries_1.note AS c3, time_entries_1.user_id AS c4, time_entries_1.matter_id AS c5, coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(users_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(users_1.name AS TEXT)) AS TEXT) || E',"initials":\0020:' || CAST(array_to_json(ARRAY[CAST(users_1.name AS TEXT)]) AS TEXT) || E'\002,"avatarUrl":' || CASE WHEN (users_1.avatar_url IS NULL) THEN 'null' ELSE CAST(to_json(CAST(users_1.avatar_url AS TEXT)) AS TEXT) END || '}'), E'\001') AS coalesce_1
FROM users AS users_1
WHERE users_1.id = time_entries_1.user_id AND users_1.organization_id = %(viewer_organization_id)s), E'\001') AS c6, CAST(time_entries_1.worked_on AS TEXT) AS o0, CAST(time_entries_1.id AS TEXT) AS o1
FROM time_entries AS time_entries_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = time_entries_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND time_entries_1.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_1.matter_id AND invoices.status IN ('sent', 'paid') AND invoices.issued_on >= time_entries_1.worked_on)) ORDER BY time_entries_1.worked_on DESC, time_entries_1.id DESC
 LIMIT %(limit_)s;

-- 3
SELECT count(*) AS count_1
FROM time_entries AS time_entries_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = time_entries_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND time_entries_1.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_1.matter_id AND invoices.status IN ('sent', 'paid') AND invoices.issued_on >= time_entries_1.worked_on));

-- 4
SELECT matters_1.id AS k0, matters_1.reference AS c0, matters_1.title AS c1, (SELECT CAST(CAST(CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_1.matter_id AND invoices.status IN ('sent', 'paid') AND invoices.issued_on >= time_entries_1.worked_on))), 0) AS BIGINT) AS BIGINT) AS TEXT) AS coalesce_1
FROM time_entries AS time_entries_1
WHERE matters_1.id = time_entries_1.matter_id) AS c2
FROM matters AS matters_1
WHERE matters_1.id = ANY (%(k0)s::BIGINT[]) AND matters_1.organization_id = %(viewer_organization_id)s;
