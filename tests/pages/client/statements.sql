-- 1
SELECT coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(clients_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(clients_1.name AS TEXT)) AS TEXT) || ',"industry":' || CAST(to_json(CAST(clients_1.industry AS TEXT)) AS TEXT) || ',"website":' || CASE WHEN (clients_1.website IS NULL) THEN 'null' ELSE CAST(to_json(CAST(clients_1.website AS TEXT)) AS TEXT) END || E',"creditRating":\0020:' || CAST(array_to_json(ARRAY[CAST(clients_1.website AS TEXT)]) AS TEXT) || E'\002,"openMatterCount":' || (SELECT CASE WHEN (count(*) FILTER (WHERE matters_1.status = 'open') NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) FILTER (WHERE matters_1.status = 'open') AS BIGINT) AS TEXT) END AS anon_1
FROM matters AS matters_1
WHERE clients_1.id = matters_1.client_id AND matters_1.organization_id = %(viewer_organization_id)s) || ',"invoicedCents":' || (SELECT CAST(CAST(CAST(coalesce(sum(invoices_1.total_cents) FILTER (WHERE invoices_1.status IN ('sent', 'paid')), 0) AS BIGINT) AS BIGINT) AS TEXT) AS coalesce_2
FROM invoices AS invoices_1
WHERE clients_1.id = invoices_1.client_id AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = invoices_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s))) || ',"outstandingCents":' || (SELECT CAST(CAST(CAST(coalesce(sum(invoices_2.total_cents) FILTER (WHERE invoices_2.status = 'sent'), 0) AS BIGINT) AS BIGINT) AS TEXT) AS coalesce_3
FROM invoices AS invoices_2
WHERE clients_1.id = invoices_2.client_id AND (EXISTS (SELECT 1
FROM matters AS matters_3
WHERE matters_3.id = invoices_2.matter_id AND matters_3.organization_id = %(viewer_organization_id)s))) || ',"owner":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(users_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(users_1.name AS TEXT)) AS TEXT) || E',"initials":\0021:' || CAST(array_to_json(ARRAY[CAST(users_1.name AS TEXT)]) AS TEXT) || E'\002,"avatarUrl":' || CASE WHEN (users_1.avatar_url IS NULL) THEN 'null' ELSE CAST(to_json(CAST(users_1.avatar_url AS TEXT)) AS TEXT) END || ',"title":' || CAST(to_json(CAST(users_1.title AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_4
FROM users AS users_1
WHERE users_1.id = clients_1.owner_id AND users_1.organization_id = %(viewer_organization_id)s), E'\001') || ',"contacts":' || (SELECT CASE WHEN (count(*) > 1000) THEN E'\001' ELSE coalesce('[' || string_agg(anon_3.j, ',') || ']', '[]') END AS anon_2
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(contacts_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(contacts_1.name AS TEXT)) AS TEXT) || ',"email":' || CAST(to_json(CAST(contacts_1.email AS TEXT)) AS TEXT) || ',"phone":' || CASE WHEN (contacts_1.phone IS NULL) THEN 'null' ELSE CAST(to_json(CAST(contacts_1.phone AS TEXT)) AS TEXT) END || '}'), E'\001') AS j
FROM contacts AS contacts_1
WHERE clients_1.id = contacts_1.client_id ORDER BY contacts_1.name ASC, contacts_1.id ASC
 LIMIT 1001) AS anon_3) || ',"matters":' || (SELECT CASE WHEN (count(*) > 1000) THEN E'\001' ELSE coalesce('[' || string_agg(anon_5.j, ',') || ']', '[]') END AS anon_4
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(matters_4.id AS BIGINT) AS TEXT) || '","reference":' || CAST(to_json(CAST(matters_4.reference AS TEXT)) AS TEXT) || ',"title":' || CAST(to_json(CAST(matters_4.title AS TEXT)) AS TEXT) || ',"status":' || CASE WHEN (CAST(matters_4.status AS TEXT) = 'open') THEN '"OPEN"' WHEN (CAST(matters_4.status AS TEXT) = 'on_hold') THEN '"ON_HOLD"' WHEN (CAST(matters_4.status AS TEXT) = 'closed') THEN '"CLOSED"' ELSE E'\001' END || ',"openedAt":' || CASE WHEN (matters_4.opened_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN E'\001' ELSE CAST(to_json(matters_4.opened_at) AS TEXT) END || ',"dueAt":' || CASE WHEN (matters_4.due_at IS NULL) THEN 'null' WHEN (matters_4.due_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN E'\001' ELSE CAST(to_json(matters_4.due_at) AS TEXT) END || ',"openTaskCount":' || (SELECT CASE WHEN (count(*) FILTER (WHERE tasks_1.status != 'done') NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) FILTER (WHERE tasks_1.status != 'done') AS BIGINT) AS TEXT) END AS anon_6
FROM tasks AS tasks_1
WHERE matters_4.id = tasks_1.matter_id) || ',"billedMinutes":' || (SELECT CAST(CAST(CAST(coalesce(sum(time_entries_1.minutes) FILTER (WHERE time_entries_1.billable), 0) AS BIGINT) AS BIGINT) AS TEXT) AS coalesce_5
FROM time_entries AS time_entries_1
WHERE matters_4.id = time_entries_1.matter_id) || E',"health":\0022:' || CAST(array_to_json(ARRAY[CAST(matters_4.id AS TEXT), CAST(matters_4.status AS TEXT), CAST(matters_4.due_at AS TEXT), CAST(matters_4.budget_cents AS TEXT)]) AS TEXT) || E'\002,"lead":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(users_2.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(users_2.name AS TEXT)) AS TEXT) || E',"initials":\0023:' || CAST(array_to_json(ARRAY[CAST(users_2.name AS TEXT)]) AS TEXT) || E'\002,"avatarUrl":' || CASE WHEN (users_2.avatar_url IS NULL) THEN 'null' ELSE CAST(to_json(CAST(users_2.avatar_url AS TEXT)) AS TEXT) END || '}'), E'\001') AS coalesce_6
FROM users AS users_2
WHERE users_2.id = matters_4.lead_id AND users_2.organization_id = %(viewer_organization_id)s), E'\001') || '}'), E'\001') AS j
FROM matters AS matters_4
WHERE clients_1.id = matters_4.client_id AND matters_4.organization_id = %(viewer_organization_id)s ORDER BY matters_4.opened_at DESC, matters_4.id DESC
 LIMIT 1001) AS anon_5) || ',"invoices":' || (SELECT CASE WHEN (count(*) > 1000) THEN E'\001' ELSE coalesce('[' || string_agg(anon_8.j, ',') || ']', '[]') END AS anon_7
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(invoices_3.id AS BIGINT) AS TEXT) || '","number":' || CAST(to_json(CAST(invoices_3.number AS TEXT)) AS TEXT) || ',"status":' || CASE WHEN (CAST(invoices_3.status AS TEXT) = 'draft') THEN '"DRAFT"' WHEN (CAST(invoices_3.status AS TEXT) = 'sent') THEN '"SENT"' WHEN (CAST(invoices_3.status AS TEXT) = 'paid') THEN '"PAID"' WHEN (CAST(invoices_3.status AS TEXT) = 'void') THEN '"VOID"' ELSE E'\001' END || ',"totalCents":' || CAST(CAST(invoices_3.total_cents AS BIGINT) AS TEXT) || ',"issuedOn":' || CASE WHEN (invoices_3.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_3.issued_on) AS TEXT) END || ',"dueOn":' || CASE WHEN (invoices_3.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN E'\001' ELSE CAST(to_json(invoices_3.due_on) AS TEXT) END || ',"matter":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(matters_5.id AS BIGINT) AS TEXT) || '","reference":' || CAST(to_json(CAST(matters_5.reference AS TEXT)) AS TEXT) || ',"title":' || CAST(to_json(CAST(matters_5.title AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_7
FROM matters AS matters_5
WHERE matters_5.id = invoices_3.matter_id), E'\001') || '}'), E'\001') AS j
FROM invoices AS invoices_3
WHERE clients_1.id = invoices_3.client_id AND (EXISTS (SELECT 1
FROM matters AS matters_6
WHERE matters_6.id = invoices_3.matter_id AND matters_6.organization_id = %(viewer_organization_id)s)) ORDER BY invoices_3.issued_on DESC, invoices_3.id DESC
 LIMIT 1001) AS anon_8) || '}'), E'\001') AS coalesce_1
FROM clients AS clients_1
WHERE clients_1.id = %(r0s0_k0)s AND clients_1.organization_id = %(viewer_organization_id)s), 'null') AS j;

-- 2
SELECT time_entries.matter_id, sum(time_entries.minutes) AS sum_1
FROM time_entries
WHERE time_entries.matter_id IN (%(matter_id_1_1)s, %(matter_id_1_2)s, %(matter_id_1_3)s, %(matter_id_1_4)s, %(matter_id_1_5)s, %(matter_id_1_6)s, %(matter_id_1_7)s) AND time_entries.billable AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = time_entries.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY time_entries.matter_id;

-- 3
SELECT tasks.matter_id, count(*) AS count_1, count(*) FILTER (WHERE tasks.due_at < %(due_at_1)s) AS anon_1
FROM tasks
WHERE tasks.matter_id IN (%(matter_id_1_1)s, %(matter_id_1_2)s, %(matter_id_1_3)s, %(matter_id_1_4)s, %(matter_id_1_5)s, %(matter_id_1_6)s, %(matter_id_1_7)s) AND tasks.status != %(status_1)s AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY tasks.matter_id;
