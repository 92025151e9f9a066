-- 1
SELECT clients_1.id AS k0, clients_1.name AS c0, clients_1.industry AS c1, clients_1.website AS c2, clients_1.owner_id AS c3, (SELECT CASE WHEN (count(*) FILTER (WHERE matters_1.status = %(status_1)s) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}' ELSE CAST(count(*) FILTER (WHERE matters_1.status = %(status_1)s) AS TEXT) END AS anon_1
FROM matters AS matters_1
WHERE clients_1.id = matters_1.client_id AND matters_1.organization_id = %(viewer_organization_id)s) AS c4, (SELECT CASE WHEN (CAST(coalesce(sum(invoices_1.total_cents) FILTER (WHERE invoices_1.status IN (%(status_2_1)s, %(status_2_2)s)), 0) AS BIGINT) != CAST(CAST(coalesce(sum(invoices_1.total_cents) FILTER (WHERE invoices_1.status IN (%(status_2_1)s, %(status_2_2)s)), 0) AS BIGINT) AS BIGINT)) THEN '{"bff irregular":0}' ELSE CAST(CAST(CAST(coalesce(sum(invoices_1.total_cents) FILTER (WHERE invoices_1.status IN (%(status_2_1)s, %(status_2_2)s)), 0) AS BIGINT) AS BIGINT) AS TEXT) END AS anon_2
FROM invoices AS invoices_1
WHERE clients_1.id = invoices_1.client_id AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = invoices_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s))) AS c5, (SELECT CASE WHEN (CAST(coalesce(sum(invoices_2.total_cents) FILTER (WHERE invoices_2.status = %(status_3)s), 0) AS BIGINT) != CAST(CAST(coalesce(sum(invoices_2.total_cents) FILTER (WHERE invoices_2.status = %(status_3)s), 0) AS BIGINT) AS BIGINT)) THEN '{"bff irregular":0}' ELSE CAST(CAST(CAST(coalesce(sum(invoices_2.total_cents) FILTER (WHERE invoices_2.status = %(status_3)s), 0) AS BIGINT) AS BIGINT) AS TEXT) END AS anon_3
FROM invoices AS invoices_2
WHERE clients_1.id = invoices_2.client_id AND (EXISTS (SELECT 1
FROM matters AS matters_3
WHERE matters_3.id = invoices_2.matter_id AND matters_3.organization_id = %(viewer_organization_id)s))) AS c6, (SELECT CASE WHEN (count(*) > 1000) THEN '{"bff irregular":0}' ELSE coalesce('[' || string_agg(anon_5.j, ',') || ']', '[]') END AS anon_4
FROM (SELECT '{"id":"' || CAST(contacts_1.id AS TEXT) || '","name":' || CAST(to_json(contacts_1.name) AS TEXT) || ',"email":' || CAST(to_json(contacts_1.email) AS TEXT) || ',"phone":' || CASE WHEN (contacts_1.phone IS NULL) THEN 'null' ELSE CAST(to_json(contacts_1.phone) AS TEXT) END || '}' AS j
FROM contacts AS contacts_1
WHERE clients_1.id = contacts_1.client_id ORDER BY contacts_1.name ASC, contacts_1.id ASC
 LIMIT 1001) AS anon_5) AS c7, (SELECT CASE WHEN (count(*) > 1000) THEN '{"bff irregular":0}' ELSE coalesce('[' || string_agg(anon_7.j, ',') || ']', '[]') END AS anon_6
FROM (SELECT '{"id":"' || CAST(invoices_3.id AS TEXT) || '","number":' || CAST(to_json(invoices_3.number) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_3.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_3.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_3.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_3.status AS TEXT) = 'void') THEN '"VOID"' ELSE '{"bff irregular":0}' END || ',"totalCents":' || CAST(invoices_3.total_cents AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_3.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}' ELSE CAST(to_json(invoices_3.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_3.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}' ELSE CAST(to_json(invoices_3.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT '{"id":"' || CAST(matters_4.id AS TEXT) || '","reference":' || CAST(to_json(matters_4.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_4.title) AS TEXT) || '}' AS anon_8
FROM matters AS matters_4
WHERE matters_4.id = invoices_3.matter_id), '{"bff irregular":0}') || '}' AS j
FROM invoices AS invoices_3
WHERE clients_1.id = invoices_3.client_id AND (EXISTS (SELECT 1
FROM matters AS matters_5
WHERE matters_5.id = invoices_3.matter_id AND matters_5.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_3.issued_on DESC, invoices_3.id DESC
 LIMIT 1001) AS anon_7) AS c8
FROM clients AS clients_1
WHERE clients_1.id = ANY (%(k0)s::BIGINT[]) AND clients_1.organization_id = %(viewer_organization_id)s;

-- 2
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4, t.c5, t.c6, t.c7, t.c8, t.c9
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT matters_1.id AS c0, matters_1.reference AS c1, matters_1.title AS c2, matters_1.status AS c3, matters_1.opened_at AS c4, matters_1.due_at AS c5, matters_1.budget_cents AS c6, matters_1.lead_id AS c7, (SELECT CASE WHEN (count(*) FILTER (WHERE tasks_1.status != %(status_1)s) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}' ELSE CAST(count(*) FILTER (WHERE tasks_1.status != %(status_1)s) AS TEXT) END AS anon_1
FROM tasks AS tasks_1
WHERE matters_1.id = tasks_1.matter_id) AS c8, (SELECT CASE WHEN (CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) != CAST(CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) AS BIGINT)) THEN '{"bff irregular":0}' ELSE CAST(CAST(CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) AS BIGINT) AS TEXT) END AS anon_2
FROM time_entries AS time_entries_1
WHERE matters_1.id = time_entries_1.matter_id) AS c9
FROM matters AS matters_1
WHERE matters_1.organization_id = %(viewer_organization_id)s AND k.k0 = matters_1.client_id ORDER BY matters_1.opened_at DESC, matters_1.id DESC
 LIMIT %(limit_)s) AS t ON true;

-- 3
SELECT users_1.id AS k0, users_1.name AS c0, users_1.avatar_url AS c1, users_1.title AS c2
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;

-- 4
SELECT time_entries.matter_id, sum(time_entries.minutes) AS sum_1
FROM time_entries
WHERE time_entries.matter_id IN (%(matter_id_1_1)s, %(matter_id_1_2)s, %(matter_id_1_3)s, %(matter_id_1_4)s, %(matter_id_1_5)s, %(matter_id_1_6)s, %(matter_id_1_7)s) AND time_entries.billable AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = time_entries.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY time_entries.matter_id;

-- 5
SELECT tasks.matter_id, count(*) AS count_1, count(*) FILTER (WHERE tasks.due_at < %(due_at_1)s) AS anon_1
FROM tasks
WHERE tasks.matter_id IN (%(matter_id_1_1)s, %(matter_id_1_2)s, %(matter_id_1_3)s, %(matter_id_1_4)s, %(matter_id_1_5)s, %(matter_id_1_6)s, %(matter_id_1_7)s) AND tasks.status != %(status_1)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY tasks.matter_id;
