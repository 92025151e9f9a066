-- 1
SELECT CAST((SELECT (SELECT row_to_json(anon_2) AS row_to_json_1
FROM (SELECT CAST(matters_1.id AS TEXT) AS id, matters_1.reference AS reference, matters_1.title AS title, CASE WHEN ((CAST(matters_1.status AS TEXT) NOT IN ('open', 'on_hold', 'closed'))) THEN '{"bff irregular":0}'::json ELSE to_json(CASE WHEN (CAST(matters_1.status AS TEXT) = 'open') THEN 'OPEN' WHEN (CAST(matters_1.status AS TEXT) = 'on_hold') THEN 'ON_HOLD' WHEN (CAST(matters_1.status AS TEXT) = 'closed') THEN 'CLOSED' END) END AS status, matters_1.description AS description, matters_1.budget_cents AS "budgetCents", CASE WHEN (matters_1.opened_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(matters_1.opened_at) END AS "openedAt", CASE WHEN (matters_1.due_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(matters_1.due_at) END AS "dueAt", coalesce((SELECT (SELECT row_to_json(anon_4) AS row_to_json_2
FROM (SELECT CAST(clients_1.id AS TEXT) AS id, clients_1.name AS name, clients_1.industry AS industry, clients_1.website AS website, coalesce((SELECT (SELECT row_to_json(anon_6) AS row_to_json_3
FROM (SELECT CAST(users_1.id AS TEXT) AS id, users_1.name AS name, users_1.avatar_url AS "avatarUrl") AS anon_6) AS anon_5
FROM users AS users_1
WHERE users_1.id = clients_1.owner_id AND users_1.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS owner, (SELECT CASE WHEN (count(*) > %(count_1)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_8.j)), '[]'::json) END AS anon_7
FROM (SELECT (SELECT row_to_json(anon_9) AS row_to_json_4
FROM (SELECT CAST(contacts_1.id AS TEXT) AS id, contacts_1.name AS name, contacts_1.email AS email, contacts_1.phone AS phone) AS anon_9) AS j
FROM contacts AS contacts_1
WHERE clients_1.id = contacts_1.client_id ORDER BY contacts_1.name ASC, contacts_1.id ASC
 LIMIT 1001) AS anon_8) AS contacts) AS anon_4) AS anon_3
FROM clients AS clients_1
WHERE clients_1.id = matters_1.client_id AND clients_1.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS client, coalesce((SELECT (SELECT row_to_json(anon_11) AS row_to_json_5
FROM (SELECT CAST(users_2.id AS TEXT) AS id, users_2.name AS name, users_2.avatar_url AS "avatarUrl", users_2.title AS title) AS anon_11) AS anon_10
FROM users AS users_2
WHERE users_2.id = matters_1.lead_id AND users_2.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS lead, (SELECT CASE WHEN (count(*) > %(count_2)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_13.j)), '[]'::json) END AS anon_12
FROM (SELECT (SELECT row_to_json(anon_14) AS row_to_json_6
FROM (SELECT CASE WHEN ((CAST(matter_members_1.role AS TEXT) NOT IN ('lead', 'member', 'reviewer'))) THEN '{"bff irregular":0}'::json ELSE to_json(CASE WHEN (CAST(matter_members_1.role AS TEXT) = 'lead') THEN 'LEAD' WHEN (CAST(matter_members_1.role AS TEXT) = 'member') THEN 'MEMBER' WHEN (CAST(matter_members_1.role AS TEXT) = 'reviewer') THEN 'REVIEWER' END) END AS role, coalesce((SELECT (SELECT row_to_json(anon_16) AS row_to_json_7
FROM (SELECT CAST(users_3.id AS TEXT) AS id, users_3.name AS name, users_3.avatar_url AS "avatarUrl", users_3.title AS title) AS anon_16) AS anon_15
FROM users AS users_3
WHERE users_3.id = matter_members_1.user_id AND users_3.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS "user") AS anon_14) AS j
FROM matter_members AS matter_members_1
WHERE matters_1.id = matter_members_1.matter_id ORDER BY matter_members_1.role ASC, matter_members_1.user_id ASC, matter_members_1.matter_id ASC
 LIMIT 1001) AS anon_13) AS members, (SELECT CASE WHEN (count(*) > %(count_3)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_18.j)), '[]'::json) END AS anon_17
FROM (SELECT (SELECT row_to_json(anon_19) AS row_to_json_8
FROM (SELECT CAST(tasks_1.id AS TEXT) AS id, tasks_1.title AS title, CASE WHEN ((CAST(tasks_1.status AS TEXT) NOT IN ('open', 'doing', 'done'))) THEN '{"bff irregular":0}'::json ELSE to_json(CASE WHEN (CAST(tasks_1.status AS TEXT) = 'open') THEN 'OPEN' WHEN (CAST(tasks_1.status AS TEXT) = 'doing') THEN 'DOING' WHEN (CAST(tasks_1.status AS TEXT) = 'done') THEN 'DONE' END) END AS status, tasks_1.priority AS priority, CASE WHEN (tasks_1.due_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(tasks_1.due_at) END AS "dueAt", (SELECT (SELECT row_to_json(anon_21) AS row_to_json_9
FROM (SELECT CAST(users_4.id AS TEXT) AS id, users_4.name AS name, users_4.avatar_url AS "avatarUrl") AS anon_21) AS anon_20
FROM users AS users_4
WHERE users_4.id = tasks_1.assignee_id AND users_4.organization_id = %(viewer_organization_id)s) AS assignee, (SELECT CASE WHEN (count(*) > %(count_4)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_23.j)), '[]'::json) END AS anon_22
FROM (SELECT (SELECT row_to_json(anon_24) AS row_to_json_10
FROM (SELECT CAST(tags_1.id AS TEXT) AS id, tags_1.name AS name, tags_1.color AS color) AS anon_24) AS j
FROM tags AS tags_1, task_tags AS task_tags_1
WHERE tasks_1.id = task_tags_1.task_id AND tags_1.id = task_tags_1.tag_id AND tags_1.organization_id = %(viewer_organization_id)s ORDER BY tags_1.name ASC, tags_1.id ASC
 LIMIT 1001) AS anon_23) AS tags, (SELECT CASE WHEN (count(*) > %(count_5)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_26.j)), '[]'::json) END AS anon_25
FROM (SELECT (SELECT row_to_json(anon_27) AS row_to_json_11
FROM (SELECT CAST(comments_1.id AS TEXT) AS id, comments_1.body AS body, CASE WHEN (comments_1.created_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(comments_1.created_at) END AS "createdAt", coalesce((SELECT (SELECT row_to_json(anon_29) AS row_to_json_12
FROM (SELECT CAST(users_5.id AS TEXT) AS id, users_5.name AS name, users_5.avatar_url AS "avatarUrl") AS anon_29) AS anon_28
FROM users AS users_5
WHERE users_5.id = comments_1.author_id AND users_5.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS author) AS anon_27) AS j
FROM comments AS comments_1
WHERE tasks_1.id = comments_1.task_id ORDER BY comments_1.created_at ASC, comments_1.id ASC
 LIMIT 1001) AS anon_26) AS comments) AS anon_19) AS j
FROM tasks AS tasks_1
WHERE matters_1.id = tasks_1.matter_id ORDER BY tasks_1.position ASC, tasks_1.id ASC
 LIMIT 1001) AS anon_18) AS tasks, (SELECT CASE WHEN (count(*) > %(count_6)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_31.j)), '[]'::json) END AS anon_30
FROM (SELECT (SELECT row_to_json(anon_32) AS row_to_json_13
FROM (SELECT CAST(documents_1.id AS TEXT) AS id, documents_1.title AS title, documents_1.kind AS kind, documents_1.size_bytes AS "sizeBytes", CASE WHEN (documents_1.updated_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(documents_1.updated_at) END AS "updatedAt", coalesce((SELECT (SELECT row_to_json(anon_34) AS row_to_json_14
FROM (SELECT CAST(users_6.id AS TEXT) AS id, users_6.name AS name, users_6.avatar_url AS "avatarUrl") AS anon_34) AS anon_33
FROM users AS users_6
WHERE users_6.id = documents_1.uploader_id AND users_6.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS uploader, (SELECT CASE WHEN (count(*) > %(count_7)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_36.j)), '[]'::json) END AS anon_35
FROM (SELECT (SELECT row_to_json(anon_37) AS row_to_json_15
FROM (SELECT CAST(document_versions_1.id AS TEXT) AS id, document_versions_1.number AS number, document_versions_1.checksum AS checksum, CASE WHEN (document_versions_1.created_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(document_versions_1.created_at) END AS "createdAt", coalesce((SELECT (SELECT row_to_json(anon_39) AS row_to_json_16
FROM (SELECT CAST(users_7.id AS TEXT) AS id, users_7.name AS name, users_7.avatar_url AS "avatarUrl") AS anon_39) AS anon_38
FROM users AS users_7
WHERE users_7.id = document_versions_1.author_id AND users_7.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS author) AS anon_37) AS j
FROM document_versions AS document_versions_1
WHERE documents_1.id = document_versions_1.document_id ORDER BY document_versions_1.number ASC, document_versions_1.id ASC
 LIMIT 1001) AS anon_36) AS versions) AS anon_32) AS j
FROM documents AS documents_1
WHERE matters_1.id = documents_1.matter_id ORDER BY documents_1.title ASC, documents_1.id ASC
 LIMIT 1001) AS anon_31) AS documents, (SELECT CASE WHEN (count(*) > %(count_8)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_41.j)), '[]'::json) END AS anon_40
FROM (SELECT (SELECT row_to_json(anon_42) AS row_to_json_17
FROM (SELECT CAST(time_entries_1.id AS TEXT) AS id, time_entries_1.minutes AS minutes, time_entries_1.billable AS billable, CASE WHEN (time_entries_1.worked_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(time_entries_1.worked_on) END AS "workedOn", time_entries_1.note AS note, coalesce((SELECT (SELECT row_to_json(anon_44) AS row_to_json_18
FROM (SELECT CAST(users_8.id AS TEXT) AS id, users_8.name AS name, users_8.avatar_url AS "avatarUrl") AS anon_44) AS anon_43
FROM users AS users_8
WHERE users_8.id = time_entries_1.user_id AND users_8.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}'::json) AS "user") AS anon_42) AS j
FROM time_entries AS time_entries_1
WHERE matters_1.id = time_entries_1.matter_id ORDER BY time_entries_1.worked_on ASC, time_entries_1.id ASC
 LIMIT 1001) AS anon_41) AS "timeEntries", (SELECT CASE WHEN (count(*) > %(count_9)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_46.j)), '[]'::json) END AS anon_45
FROM (SELECT (SELECT row_to_json(anon_47) AS row_to_json_19
FROM (SELECT CAST(invoices_1.id AS TEXT) AS id, invoices_1.number AS number, CASE WHEN ((CAST(invoices_1.status AS TEXT) NOT IN ('draft', 'sent', 'paid', 'void'))) THEN '{"bff irregular":0}'::json ELSE to_json(CASE WHEN (CAST(invoices_1.status AS TEXT) = 'draft') THEN 'DRAFT' WHEN (CAST(invoices_1.status AS TEXT) = 'sent') THEN 'SENT' WHEN (CAST(invoices_1.status AS TEXT) = 'paid') THEN 'PAID' WHEN (CAST(invoices_1.status AS TEXT) = 'void') THEN 'VOID' END) END AS status, invoices_1.total_cents AS "totalCents", CASE WHEN (invoices_1.issued_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(invoices_1.issued_on) END AS "issuedOn", CASE WHEN (invoices_1.due_on NOT BETWEEN '0001-01-01'::date AND '9999-12-31'::date) THEN '{"bff irregular":0}'::json ELSE to_json(invoices_1.due_on) END AS "dueOn") AS anon_47) AS j
FROM invoices AS invoices_1
WHERE matters_1.id = invoices_1.matter_id ORDER BY invoices_1.issued_on ASC, invoices_1.id ASC
 LIMIT 1001) AS anon_46) AS invoices, (SELECT CASE WHEN (count(*) > %(count_10)s) THEN '{"bff irregular":0}'::json ELSE coalesce(array_to_json(array_agg(anon_49.j)), '[]'::json) END AS anon_48
FROM (SELECT (SELECT row_to_json(anon_50) AS row_to_json_20
FROM (SELECT CAST(events_1.id AS TEXT) AS id, events_1.title AS title, CASE WHEN (events_1.starts_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(events_1.starts_at) END AS "startsAt", CASE WHEN (events_1.ends_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN '{"bff irregular":0}'::json ELSE to_json(events_1.ends_at) END AS "endsAt", events_1.location AS location) AS anon_50) AS j
FROM events AS events_1
WHERE matters_1.id = events_1.matter_id ORDER BY events_1.starts_at ASC, events_1.id ASC
 LIMIT 1001) AS anon_49) AS events) AS anon_2) AS anon_1
FROM matters AS matters_1
WHERE matters_1.id = %(r0s0_k0)s AND matters_1.organization_id = %(viewer_organization_id)s) AS TEXT) AS r0;
