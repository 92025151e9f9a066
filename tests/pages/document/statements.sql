-- 1
SELECT documents_1.id AS k0, documents_1.title AS c0, documents_1.kind AS c1, documents_1.size_bytes AS c2, documents_1.updated_at AS c3, documents_1.uploader_id AS c4, documents_1.matter_id AS c5, (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}' ELSE CAST(count(*) AS TEXT) END AS anon_1
FROM document_versions AS document_versions_1
WHERE documents_1.id = document_versions_1.document_id) AS c6, coalesce((SELECT '{"id":"' || CAST(matters_1.id AS TEXT) || '","reference":' || CAST(to_json(matters_1.reference) AS TEXT) || ',"title":' || CAST(to_json(matters_1.title) AS TEXT) || ',"status":' || CASE WHEN (CAST(matters_1.status AS TEXT) = 'open') THEN '"OPEN"' WHEN (CAST(matters_1.status AS TEXT) = 'on_hold') THEN '"ON_HOLD"' WHEN (CAST(matters_1.status AS TEXT) = 'closed') THEN '"CLOSED"' ELSE '{"bff irregular":0}' END || ',"documentCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN '{"bff irregular":0}' ELSE CAST(count(*) AS TEXT) END AS anon_3
FROM documents AS documents_2
WHERE matters_1.id = documents_2.matter_id) || ',"client":' || coalesce((SELECT '{"id":"' || CAST(clients_1.id AS TEXT) || '","name":' || CAST(to_json(clients_1.name) AS TEXT) || '}' AS anon_4
FROM clients AS clients_1
WHERE clients_1.id = matters_1.client_id AND clients_1.organization_id = %(viewer_organization_id)s), '{"bff irregular":0}') || '}' AS anon_2
FROM matters AS matters_1
WHERE matters_1.id = documents_1.matter_id), '{"bff irregular":0}') AS c7
FROM documents AS documents_1
WHERE documents_1.id = ANY (%(k0)s::BIGINT[]) AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = documents_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s));

-- 2
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT document_versions_1.id AS c0, document_versions_1.number AS c1, document_versions_1.checksum AS c2, document_versions_1.created_at AS c3, document_versions_1.author_id AS c4
FROM document_versions AS document_versions_1
WHERE k.k0 = document_versions_1.document_id ORDER BY document_versions_1.number DESC, document_versions_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 3
SELECT users_1.id AS k0, users_1.name AS c0, users_1.avatar_url AS c1
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;
