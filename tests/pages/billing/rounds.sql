-- 1
SELECT invoices_1.id AS c0, invoices_1.number AS c1, invoices_1.status AS c2, invoices_1.total_cents AS c3, invoices_1.issued_on AS c4, invoices_1.due_on AS c5, invoices_1.matter_id AS c6, invoices_1.client_id AS c7, CAST(invoices_1.issued_on AS TEXT) AS o0, CAST(invoices_1.id AS TEXT) AS o1
FROM invoices AS invoices_1
WHERE invoices_1.status = %(f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_1.issued_on DESC, invoices_1.id DESC
 LIMIT %(limit_)s;

-- 2
SELECT invoices_1.id AS c0, invoices_1.number AS c1, invoices_1.status AS c2, invoices_1.total_cents AS c3, invoices_1.issued_on AS c4, invoices_1.due_on AS c5, invoices_1.matter_id AS c6, invoices_1.client_id AS c7, CAST(invoices_1.issued_on AS TEXT) AS o0, CAST(invoices_1.id AS TEXT) AS o1
FROM invoices AS invoices_1
WHERE invoices_1.status = %(f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_1.issued_on DESC, invoices_1.id DESC
 LIMIT %(limit_)s;

-- 3
SELECT invoices_1.id AS c0, invoices_1.number AS c1, invoices_1.status AS c2, invoices_1.total_cents AS c3, invoices_1.issued_on AS c4, invoices_1.due_on AS c5, invoices_1.matter_id AS c6, invoices_1.client_id AS c7, CAST(invoices_1.issued_on AS TEXT) AS o0, CAST(invoices_1.id AS TEXT) AS o1
FROM invoices AS invoices_1
WHERE invoices_1.status = %(f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_1.issued_on DESC, invoices_1.id DESC
 LIMIT %(limit_)s;

-- 4
SELECT invoices_1.id AS c0, invoices_1.number AS c1, invoices_1.status AS c2, invoices_1.total_cents AS c3, invoices_1.issued_on AS c4, invoices_1.due_on AS c5, invoices_1.matter_id AS c6, invoices_1.client_id AS c7, CAST(invoices_1.issued_on AS TEXT) AS o0, CAST(invoices_1.id AS TEXT) AS o1
FROM invoices AS invoices_1
WHERE invoices_1.status = %(f0)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_1.issued_on DESC, invoices_1.id DESC
 LIMIT %(limit_)s;

-- 5
SELECT time_entries_1.id AS c0, time_entries_1.minutes AS c1, time_entries_1.worked_on AS c2, time_entries_1.note AS c3, time_entries_1.user_id AS c4, time_entries_1.matter_id AS c5, CAST(time_entries_1.worked_on AS TEXT) AS o0, CAST(time_entries_1.id AS TEXT) AS o1
FROM time_entries AS time_entries_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = time_entries_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND time_entries_1.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_1.matter_id AND invoices.status IN ('sent', 'paid') AND invoices.issued_on >= time_entries_1.worked_on)) ORDER BY time_entries_1.worked_on DESC, time_entries_1.id DESC
 LIMIT %(limit_)s;

-- 6
SELECT count(*) AS count_1
FROM invoices AS invoices_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND invoices_1.status = %(f0)s;

-- 7
SELECT count(*) AS count_1
FROM invoices AS invoices_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND invoices_1.status = %(f0)s;

-- 8
SELECT count(*) AS count_1
FROM invoices AS invoices_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND invoices_1.status = %(f0)s;

-- 9
SELECT count(*) AS count_1
FROM invoices AS invoices_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND invoices_1.status = %(f0)s;

-- 10
SELECT count(*) AS count_1
FROM time_entries AS time_entries_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = time_entries_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND time_entries_1.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_1.matter_id AND invoices.status IN ('sent', 'paid') AND invoices.issued_on >= time_entries_1.worked_on));

-- 11
SELECT matters_1.id AS k0, matters_1.reference AS c0, matters_1.title AS c1
FROM matters AS matters_1
WHERE matters_1.id = ANY (%(k0)s::BIGINT[]) AND matters_1.organization_id = %(viewer_organization_id)s;

-- 12
SELECT clients_1.id AS k0, clients_1.name AS c0
FROM clients AS clients_1
WHERE clients_1.id = ANY (%(k0)s::BIGINT[]) AND clients_1.organization_id = %(viewer_organization_id)s;

-- 13
SELECT users_1.id AS k0, users_1.name AS c0, users_1.avatar_url AS c1
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;

-- 14
SELECT k.k0, CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable AND NOT (EXISTS (SELECT *
FROM invoices
WHERE invoices.matter_id = time_entries_1.matter_id AND invoices.status IN ('sent', 'paid') AND invoices.issued_on >= time_entries_1.worked_on))), 0) AS BIGINT) AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), time_entries AS time_entries_1
WHERE k.k0 = time_entries_1.matter_id GROUP BY k.k0;
