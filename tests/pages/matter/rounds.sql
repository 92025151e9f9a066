-- 1
SELECT matters_1.id AS k0, matters_1.reference AS c0, matters_1.title AS c1, matters_1.status AS c2, matters_1.description AS c3, matters_1.budget_cents AS c4, matters_1.opened_at AS c5, matters_1.due_at AS c6, matters_1.client_id AS c7, matters_1.lead_id AS c8
FROM matters AS matters_1
WHERE matters_1.id = ANY (%(k0)s::BIGINT[]) AND matters_1.organization_id = %(viewer_organization_id)s;

-- 2
SELECT clients_1.id AS k0, clients_1.name AS c0, clients_1.industry AS c1, clients_1.website AS c2, clients_1.owner_id AS c3
FROM clients AS clients_1
WHERE clients_1.id = ANY (%(k0)s::BIGINT[]) AND clients_1.organization_id = %(viewer_organization_id)s;

-- 3
SELECT k.k0, t.c0, t.c1
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT matter_members_1.role AS c0, matter_members_1.user_id AS c1
FROM matter_members AS matter_members_1
WHERE k.k0 = matter_members_1.matter_id ORDER BY matter_members_1.role ASC, matter_members_1.user_id ASC, matter_members_1.matter_id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 4
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4, t.c5
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT tasks_1.id AS c0, tasks_1.title AS c1, tasks_1.status AS c2, tasks_1.priority AS c3, tasks_1.due_at AS c4, tasks_1.assignee_id AS c5
FROM tasks AS tasks_1
WHERE k.k0 = tasks_1.matter_id ORDER BY tasks_1.position ASC, tasks_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 5
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4, t.c5
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT documents_1.id AS c0, documents_1.title AS c1, documents_1.kind AS c2, documents_1.size_bytes AS c3, documents_1.updated_at AS c4, documents_1.uploader_id AS c5
FROM documents AS documents_1
WHERE k.k0 = documents_1.matter_id ORDER BY documents_1.title ASC, documents_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 6
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4, t.c5
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT time_entries_1.id AS c0, time_entries_1.minutes AS c1, time_entries_1.billable AS c2, time_entries_1.worked_on AS c3, time_entries_1.note AS c4, time_entries_1.user_id AS c5
FROM time_entries AS time_entries_1
WHERE k.k0 = time_entries_1.matter_id ORDER BY time_entries_1.worked_on ASC, time_entries_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 7
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4, t.c5
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT invoices_1.id AS c0, invoices_1.number AS c1, invoices_1.status AS c2, invoices_1.total_cents AS c3, invoices_1.issued_on AS c4, invoices_1.due_on AS c5
FROM invoices AS invoices_1
WHERE k.k0 = invoices_1.matter_id ORDER BY invoices_1.issued_on ASC, invoices_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 8
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT events_1.id AS c0, events_1.title AS c1, events_1.starts_at AS c2, events_1.ends_at AS c3, events_1.location AS c4
FROM events AS events_1
WHERE k.k0 = events_1.matter_id ORDER BY events_1.starts_at ASC, events_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 9
SELECT k.k0, t.c0, t.c1, t.c2, t.c3
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT contacts_1.id AS c0, contacts_1.name AS c1, contacts_1.email AS c2, contacts_1.phone AS c3
FROM contacts AS contacts_1
WHERE k.k0 = contacts_1.client_id ORDER BY contacts_1.name ASC, contacts_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 10
SELECT k.k0, t.c0, t.c1, t.c2
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT tags_1.id AS c0, tags_1.name AS c1, tags_1.color AS c2
FROM tags AS tags_1, task_tags AS task_tags_1
WHERE tags_1.organization_id = %(viewer_organization_id)s AND k.k0 = task_tags_1.task_id AND tags_1.id = task_tags_1.tag_id ORDER BY tags_1.name ASC, tags_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 11
SELECT k.k0, t.c0, t.c1, t.c2, t.c3
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT comments_1.id AS c0, comments_1.body AS c1, comments_1.created_at AS c2, comments_1.author_id AS c3
FROM comments AS comments_1
WHERE k.k0 = comments_1.task_id ORDER BY comments_1.created_at ASC, comments_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 12
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT document_versions_1.id AS c0, document_versions_1.number AS c1, document_versions_1.checksum AS c2, document_versions_1.created_at AS c3, document_versions_1.author_id AS c4
FROM document_versions AS document_versions_1
WHERE k.k0 = document_versions_1.document_id ORDER BY document_versions_1.number ASC, document_versions_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 13
SELECT users_1.id AS k0, users_1.name AS c0, users_1.avatar_url AS c1, users_1.title AS c2
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;
