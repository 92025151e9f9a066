-- 1
SELECT clients_1.id AS k0, clients_1.name AS c0, clients_1.industry AS c1, clients_1.website AS c2, clients_1.owner_id AS c3
FROM clients AS clients_1
WHERE clients_1.id = ANY (%(k0)s::BIGINT[]) AND clients_1.organization_id = %(viewer_organization_id)s;

-- 2
SELECT k.k0, count(*) FILTER (WHERE matters_1.status = 'open') AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), matters AS matters_1
WHERE k.k0 = matters_1.client_id AND matters_1.organization_id = %(viewer_organization_id)s GROUP BY k.k0;

-- 3
SELECT k.k0, CAST(coalesce(sum(invoices_1.total_cents) FILTER (WHERE invoices_1.status IN ('sent', 'paid')), 0) AS BIGINT) AS c0, CAST(coalesce(sum(invoices_1.total_cents) FILTER (WHERE invoices_1.status = 'sent'), 0) AS BIGINT) AS c1
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), invoices AS invoices_1
WHERE k.k0 = invoices_1.client_id AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY k.k0;

-- 4
SELECT k.k0, t.c0, t.c1, t.c2, t.c3
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT contacts_1.id AS c0, contacts_1.name AS c1, contacts_1.email AS c2, contacts_1.phone AS c3
FROM contacts AS contacts_1
WHERE k.k0 = contacts_1.client_id ORDER BY contacts_1.name ASC, contacts_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 5
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4, t.c5, t.c6, t.c7
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT matters_1.id AS c0, matters_1.reference AS c1, matters_1.title AS c2, matters_1.status AS c3, matters_1.opened_at AS c4, matters_1.due_at AS c5, matters_1.budget_cents AS c6, matters_1.lead_id AS c7
FROM matters AS matters_1
WHERE matters_1.organization_id = %(viewer_organization_id)s AND k.k0 = matters_1.client_id ORDER BY matters_1.opened_at DESC, matters_1.id DESC
 LIMIT %(limit_)s) AS t ON true;

-- 6
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4, t.c5, t.c6
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT invoices_1.id AS c0, invoices_1.number AS c1, invoices_1.status AS c2, invoices_1.total_cents AS c3, invoices_1.issued_on AS c4, invoices_1.due_on AS c5, invoices_1.matter_id AS c6
FROM invoices AS invoices_1
WHERE (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) AND k.k0 = invoices_1.client_id ORDER BY invoices_1.issued_on DESC, invoices_1.id DESC
 LIMIT %(limit_)s) AS t ON true;

-- 7
SELECT users_1.id AS k0, users_1.name AS c0, users_1.avatar_url AS c1, users_1.title AS c2
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;

-- 8
SELECT k.k0, count(*) FILTER (WHERE tasks_1.status != 'done') AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), tasks AS tasks_1
WHERE k.k0 = tasks_1.matter_id GROUP BY k.k0;

-- 9
SELECT k.k0, CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), time_entries AS time_entries_1
WHERE k.k0 = time_entries_1.matter_id GROUP BY k.k0;

-- 10
SELECT time_entries.matter_id, sum(time_entries.minutes) AS sum_1
FROM time_entries
WHERE time_entries.matter_id IN (%(matter_id_1_1)s, %(matter_id_1_2)s, %(matter_id_1_3)s, %(matter_id_1_4)s, %(matter_id_1_5)s, %(matter_id_1_6)s, %(matter_id_1_7)s) AND time_entries.billable AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = time_entries.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY time_entries.matter_id;

-- 11
SELECT tasks.matter_id, count(*) AS count_1, count(*) FILTER (WHERE tasks.due_at < %(due_at_1)s) AS anon_1
FROM tasks
WHERE tasks.matter_id IN (%(matter_id_1_1)s, %(matter_id_1_2)s, %(matter_id_1_3)s, %(matter_id_1_4)s, %(matter_id_1_5)s, %(matter_id_1_6)s, %(matter_id_1_7)s) AND tasks.status != %(status_1)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY tasks.matter_id;

-- 12
SELECT matters_1.id AS k0, matters_1.reference AS c0, matters_1.title AS c1
FROM matters AS matters_1
WHERE matters_1.id = ANY (%(k0)s::BIGINT[]) AND matters_1.organization_id = %(viewer_organization_id)s;
