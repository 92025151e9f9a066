-- 1
SELECT least(CASE WHEN (lower(matters.title) = lower(%(lower_1)s)) THEN %(param_1)s WHEN (matters.title ILIKE %(title_1)s || '%%' ESCAPE '/') THEN %(param_2)s WHEN (matters.title ILIKE '%%' || %(title_2)s || '%%' ESCAPE '/') THEN %(param_3)s ELSE %(param_4)s END, CASE WHEN (lower(matters.reference) = lower(%(lower_2)s)) THEN %(param_5)s WHEN (matters.reference ILIKE %(reference_1)s || '%%' ESCAPE '/') THEN %(param_6)s WHEN (matters.reference ILIKE '%%' || %(reference_2)s || '%%' ESCAPE '/') THEN %(param_7)s ELSE %(param_8)s END) AS least_1, matters.id
FROM matters
WHERE ((matters.title ILIKE '%%' || %(title_3)s || '%%' ESCAPE '/') OR (matters.reference ILIKE '%%' || %(reference_3)s || '%%' ESCAPE '/')) AND matters.organization_id = %(viewer_organization_id)s ORDER BY least(CASE WHEN (lower(matters.title) = lower(%(lower_1)s)) THEN %(param_1)s WHEN (matters.title ILIKE %(title_1)s || '%%' ESCAPE '/') THEN %(param_2)s WHEN (matters.title ILIKE '%%' || %(title_2)s || '%%' ESCAPE '/') THEN %(param_3)s ELSE %(param_4)s END, CASE WHEN (lower(matters.reference) = lower(%(lower_2)s)) THEN %(param_5)s WHEN (matters.reference ILIKE %(reference_1)s || '%%' ESCAPE '/') THEN %(param_6)s WHEN (matters.reference ILIKE '%%' || %(reference_2)s || '%%' ESCAPE '/') THEN %(param_7)s ELSE %(param_8)s END), lower(matters.title), matters.id
 LIMIT %(param_9)s;

-- 2
SELECT least(CASE WHEN (lower(clients.name) = lower(%(lower_1)s)) THEN %(param_1)s WHEN (clients.name ILIKE %(name_1)s || '%%' ESCAPE '/') THEN %(param_2)s WHEN (clients.name ILIKE '%%' || %(name_2)s || '%%' ESCAPE '/') THEN %(param_3)s ELSE %(param_4)s END) AS least_1, clients.id
FROM clients
WHERE (clients.name ILIKE '%%' || %(name_3)s || '%%' ESCAPE '/') AND clients.organization_id = %(viewer_organization_id)s ORDER BY least(CASE WHEN (lower(clients.name) = lower(%(lower_1)s)) THEN %(param_1)s WHEN (clients.name ILIKE %(name_1)s || '%%' ESCAPE '/') THEN %(param_2)s WHEN (clients.name ILIKE '%%' || %(name_2)s || '%%' ESCAPE '/') THEN %(param_3)s ELSE %(param_4)s END), lower(clients.name), clients.id
 LIMIT %(param_5)s;

-- 3
SELECT least(CASE WHEN (lower(users.name) = lower(%(lower_1)s)) THEN %(param_1)s WHEN (users.name ILIKE %(name_1)s || '%%' ESCAPE '/') THEN %(param_2)s WHEN (users.name ILIKE '%%' || %(name_2)s || '%%' ESCAPE '/') THEN %(param_3)s ELSE %(param_4)s END, CASE WHEN (lower(users.email) = lower(%(lower_2)s)) THEN %(param_5)s WHEN (users.email ILIKE %(email_1)s || '%%' ESCAPE '/') THEN %(param_6)s WHEN (users.email ILIKE '%%' || %(email_2)s || '%%' ESCAPE '/') THEN %(param_7)s ELSE %(param_8)s END) AS least_1, users.id
FROM users
WHERE ((users.name ILIKE '%%' || %(name_3)s || '%%' ESCAPE '/') OR (users.email ILIKE '%%' || %(email_3)s || '%%' ESCAPE '/')) AND users.organization_id = %(viewer_organization_id)s ORDER BY least(CASE WHEN (lower(users.name) = lower(%(lower_1)s)) THEN %(param_1)s WHEN (users.name ILIKE %(name_1)s || '%%' ESCAPE '/') THEN %(param_2)s WHEN (users.name ILIKE '%%' || %(name_2)s || '%%' ESCAPE '/') THEN %(param_3)s ELSE %(param_4)s END, CASE WHEN (lower(users.email) = lower(%(lower_2)s)) THEN %(param_5)s WHEN (users.email ILIKE %(email_1)s || '%%' ESCAPE '/') THEN %(param_6)s WHEN (users.email ILIKE '%%' || %(email_2)s || '%%' ESCAPE '/') THEN %(param_7)s ELSE %(param_8)s END), lower(users.name), users.id
 LIMIT %(param_9)s;

-- 4
SELECT least(CASE WHEN (lower(documents.title) = lower(%(lower_1)s)) THEN %(param_1)s WHEN (documents.title ILIKE %(title_1)s || '%%' ESCAPE '/') THEN %(param_2)s WHEN (documents.title ILIKE '%%' || %(title_2)s || '%%' ESCAPE '/') THEN %(param_3)s ELSE %(param_4)s END) AS least_1, documents.id
FROM documents
WHERE (documents.title ILIKE '%%' || %(title_3)s || '%%' ESCAPE '/') AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = documents.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) ORDER BY least(CASE WHEN (lower(documents.title) = lower(%(lower_1)s)) THEN %(param_1)s WHEN (documents.title ILIKE %(title_1)s || '%%' ESCAPE '/') THEN %(param_2)s WHEN (documents.title ILIKE '%%' || %(title_2)s || '%%' ESCAPE '/') THEN %(param_3)s ELSE %(param_4)s END), lower(documents.title), documents.id
 LIMIT %(param_5)s;

-- 5
SELECT least(CASE WHEN (lower(tasks.title) = lower(%(lower_1)s)) THEN %(param_1)s WHEN (tasks.title ILIKE %(title_1)s || '%%' ESCAPE '/') THEN %(param_2)s WHEN (tasks.title ILIKE '%%' || %(title_2)s || '%%' ESCAPE '/') THEN %(param_3)s ELSE %(param_4)s END) AS least_1, tasks.id
FROM tasks
WHERE (tasks.title ILIKE '%%' || %(title_3)s || '%%' ESCAPE '/') AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) ORDER BY least(CASE WHEN (lower(tasks.title) = lower(%(lower_1)s)) THEN %(param_1)s WHEN (tasks.title ILIKE %(title_1)s || '%%' ESCAPE '/') THEN %(param_2)s WHEN (tasks.title ILIKE '%%' || %(title_2)s || '%%' ESCAPE '/') THEN %(param_3)s ELSE %(param_4)s END), lower(tasks.title), tasks.id
 LIMIT %(param_5)s;

-- 6
SELECT clients_1.id AS k0, clients_1.name AS c0, clients_1.industry AS c1
FROM clients AS clients_1
WHERE clients_1.id = ANY (%(k0)s::BIGINT[]) AND clients_1.organization_id = %(viewer_organization_id)s;

-- 7
SELECT documents_1.id AS k0, documents_1.title AS c0, documents_1.kind AS c1, documents_1.updated_at AS c2, documents_1.matter_id AS c3
FROM documents AS documents_1
WHERE documents_1.id = ANY (%(k0)s::BIGINT[]) AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = documents_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s));

-- 8
SELECT tasks_1.id AS k0, tasks_1.title AS c0, tasks_1.status AS c1, tasks_1.due_at AS c2, tasks_1.matter_id AS c3
FROM tasks AS tasks_1
WHERE tasks_1.id = ANY (%(k0)s::BIGINT[]) AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = tasks_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s));

-- 9
SELECT k.k0, CAST(coalesce(sum(invoices_1.total_cents) FILTER (WHERE invoices_1.status = 'sent'), 0) AS BIGINT) AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), invoices AS invoices_1
WHERE k.k0 = invoices_1.client_id AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = invoices_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s)) GROUP BY k.k0;

-- 10
SELECT matters_1.id AS k0, matters_1.reference AS c0, matters_1.title AS c1, matters_1.status AS c2, matters_1.client_id AS c3
FROM matters AS matters_1
WHERE matters_1.id = ANY (%(k0)s::BIGINT[]) AND matters_1.organization_id = %(viewer_organization_id)s;
