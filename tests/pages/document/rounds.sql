-- 1
SELECT documents_1.id AS k0, documents_1.title AS c0, documents_1.kind AS c1, documents_1.size_bytes AS c2, documents_1.updated_at AS c3, documents_1.uploader_id AS c4, documents_1.matter_id AS c5
FROM documents AS documents_1
WHERE documents_1.id = ANY (%(k0)s::BIGINT[]) AND (EXISTS (SELECT 1
FROM matters AS matters_1
WHERE matters_1.id = documents_1.matter_id AND matters_1.organization_id = %(viewer_organization_id)s));

-- 2
SELECT k.k0, count(*) AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), document_versions AS document_versions_1
WHERE k.k0 = document_versions_1.document_id GROUP BY k.k0;

-- 3
SELECT k.k0, t.c0, t.c1, t.c2, t.c3, t.c4
FROM unnest(%(k0)s::BIGINT[]) AS k(k0) JOIN LATERAL (SELECT document_versions_1.id AS c0, document_versions_1.number AS c1, document_versions_1.checksum AS c2, document_versions_1.created_at AS c3, document_versions_1.author_id AS c4
FROM document_versions AS document_versions_1
WHERE k.k0 = document_versions_1.document_id ORDER BY document_versions_1.number DESC, document_versions_1.id ASC
 LIMIT %(limit_)s) AS t ON true;

-- 4
SELECT matters_1.id AS k0, matters_1.reference AS c0, matters_1.title AS c1, matters_1.status AS c2, matters_1.client_id AS c3
FROM matters AS matters_1
WHERE matters_1.id = ANY (%(k0)s::BIGINT[]) AND matters_1.organization_id = %(viewer_organization_id)s;

-- 5
SELECT users_1.id AS k0, users_1.name AS c0, users_1.avatar_url AS c1
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;

-- 6
SELECT k.k0, count(*) AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), documents AS documents_1
WHERE k.k0 = documents_1.matter_id GROUP BY k.k0;

-- 7
SELECT clients_1.id AS k0, clients_1.name AS c0
FROM clients AS clients_1
WHERE clients_1.id = ANY (%(k0)s::BIGINT[]) AND clients_1.organization_id = %(viewer_organization_id)s;
