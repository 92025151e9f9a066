-- 1
SELECT clients_1.id AS k0, clients_1.name AS c0, clients_1.industry AS c1, clients_1.website AS c2, clients_1.owner_id AS c3, CAST((SELECT to_json((SELECT CASE WHEN (count(*) FILTER (WHERE matters_1.status = %(status_1)s) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*) FILTER (WHERE matters_1.status = %(status_1)s)) END AS anon_1
FROM matters AS matters_1
WHERE clients_1.id = matters_1.client_id AND matters_1.organization_id = %(viewer_organization_id)s)) AS to_json_1) AS TEXT) AS c4, CAST((SELECT to_json((SELECT CASE WHEN (CAST(coalesce(sum(invoices_1.total_cents) FILTER (WHERE invoices_1.status IN (%(status_2_1)s, %(status_2_2)s)), 0) AS BIGINT) != CAST(CAST(coalesce(sum(invoices_1.total_cents) FILTER (WHERE invoices_1.status IN (%(status_2_1)s, %(status_2_2)s)), 0) AS BIGINT) AS BIGINT)) THEN '{"bff irregular":0}'::json ELSE to_json(CAST(CAST(coalesce(sum(invoices_1.total_cents) FILTER (WHERE invoices_1.status IN (%(status_2_1)s, %(status_2_2)s)), 0) AS BIGINT) AS BIGINT)) END AS anon_2
FROM invoices AS invoices_1
WHERE clients_1.id = invoices_1.client_id AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = invoices_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s)))) AS to_json_2) AS TEXT) AS c5, CAST((SELECT to_json((SELECT CASE WHEN (CAST(coalesce(sum(invoices_2.total_cents) FILTER (WHERE invoices_2.status = %(status_3)s), 0) AS BIGINT) != CAST(CAST(coalesce(sum(invoices_2.total_cents) FILTER (WHERE invoices_2.status = %(status_3)s), 0) AS BIGINT) AS BIGINT)) THEN '{"bff irregular":0}'::json ELSE to_json(CAST(CAST(coalesce(sum(invoices_2.total_cents) FILTER (WHERE invoices_2.status = %(status_3)s), 0) AS BIGINT) AS BIGINT)) END AS anon_3
FROM invoices AS invoices_2
WHERE clients_1.id = invoices_2.client_id AND (EXISTS (SELECT 1
FROM matters AS matters_3
WHERE matters_3.id = invoices_2.matter_id AND matters_3.organization_id = %(viewer_organization_id)s)))) AS to_json_3) AS TEXT) AS c6, CAST((SELECT CASE WHEN (count(*) > %(count_1)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_5.j)), '[]'::json) END AS anon_4
FROM (SELECT (SELECT row_to_json(anon_6) AS row_to_json_1
FROM (SELECT CAST(contacts_1.id AS TEXT) AS id, contacts_1.name AS name, contacts_1.email AS email, contacts_1.phone AS phone) AS anon_6) AS j
FROM contacts AS contacts_1
WHERE clients_1.id = contacts_1.client_id ORDER BY contacts_1.name ASC, contacts_1.id ASC
 LIMIT 1001) AS anon_5) AS TEXT) AS c7, CAST((SELECT CASE WHEN (count(*) > %(count_2)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_8.j)), '[]'::json) END AS anon_7
FROM (SELECT (SELECT row_to_json(anon_9) AS row_to_json_2
FROM (SELECT CAST(invoices_3.id AS TEXT) AS id, invoices_3.number AS number, CASE WHEN ((CAST(invoices_3.status AS TEXT) NOT IN ('draft', 'sent', 'paid', 'void'))) THEN '{"bff irregular":0}'::json ELSE to_json(CASE WHEN (CAST(invoices_3.status AS TEXT) = 'draft') THEN 'DRAFT' WHEN (CAST(invoices_3.status AS TEXT) = 'sent') THEN 'SENT' WHEN (CAST(invoices_3.status AS TEXT) = 'paid') THEN 'PAID' WHEN (CAST(invoices_3.status AS TEXT) = 'void') THEN 'VOID' END) END AS status, invoices_3.total_cents AS "totalCents", CASE WHEN (invoices_3.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(invoices_3.issued_on) END AS "issuedOn", CASE WHEN (invoices_3.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(invoices_3.due_on) END AS "dueOn", coalesce((SELECT (SELECT row_to_json(anon_11) AS row_to_json_3
FROM (SELECT CAST(matters_4.id AS TEXT) AS id, matters_4.reference AS reference, matters_4.title AS title) AS anon_11) AS anon_10
FROM matters AS matters_4
WHERE matters_4.id = invoices_3.matter_id), '{"bff irregular":0}'::json) AS matter) AS anon_9) AS j
FROM invoices AS invoices_3
WHERE clients_1.id = invoices_3.client_id AND (EXISTS (SELECT 1
FROM matters AS matters_5
WHERE matters_5.id = invoices_3.matter_id AND matters_5.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_3.issued_on DESC, invoices_3.id DESC
 LIMIT 1001) AS anon_8) AS TEXT) AS c8
FROM clients AS clients_1
WHERE clients_1.id = ANY (%(k0)s::BIGINT[]) AND clients_1.organization_id = %(viewer_organization_id)s;

-- 2
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4, t.c5, t.c6, t.c7, t.c8, t.c9
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT matters_1.id AS c0, matters_1.reference AS c1, matters_1.title AS c2, matters_1.status AS c3, matters_1.opened_at AS c4, matters_1.due_at AS c5, matters_1.budget_cents AS c6, matters_1.lead_id AS c7, CAST((SELECT to_json((SELECT CASE WHEN (count(*) FILTER (WHERE tasks_1.status != %(status_1)s) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}'::json ELSE to_json(count(*) FILTER (WHERE tasks_1.status != %(status_1)s)) END AS anon_1
FROM tasks AS tasks_1
WHERE matters_1.id = tasks_1.matter_id)) AS to_json_1) AS TEXT) AS c8, CAST((SELECT to_json((SELECT CASE WHEN (CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) != CAST(CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) AS BIGINT)) THEN '{"bff irregular":0}'::json ELSE to_json(CAST(CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) AS BIGINT)) END AS anon_2
FROM time_entries AS time_entries_1
WHERE matters_1.id = time_entries_1.matter_id)) AS to_json_2) AS TEXT) AS c9
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
