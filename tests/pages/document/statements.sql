-- 1
SELECT coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(documents_1.id AS BIGINT) AS TEXT) || '","title":' || CAST(to_json(CAST(documents_1.title AS TEXT)) AS TEXT) || ',"kind":' || CAST(to_json(CAST(documents_1.kind AS TEXT)) AS TEXT) || ',"sizeBytes":' || CAST(CAST(documents_1.size_bytes AS BIGINT) AS TEXT) || ',"updatedAt":' || CASE WHEN (documents_1.updated_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN E'\001' ELSE CAST(to_json(documents_1.updated_at) AS TEXT) END || ',"versionCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) AS BIGINT) AS TEXT) END AS anon_1
FROM document_versions AS document_versions_1
WHERE documents_1.id = document_versions_1.document_id) || ',"uploader":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(users_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(users_1.name AS TEXT)) AS TEXT) || E',"initials":\0020:' || CAST(array_to_json(ARRAY[CAST(users_1.name AS TEXT)]) AS TEXT) || E'\002,"avatarUrl":' || CASE WHEN (users_1.avatar_url IS NULL) THEN 'null' ELSE CAST(to_json(CAST(users_1.avatar_url AS TEXT)) AS TEXT) END || '}'), E'\001') AS coalesce_2
FROM users AS users_1
WHERE users_1.id = documents_1.uploader_id AND users_1.organization_id = %(viewer_organization_id)s), E'\001') || ',"versions":' || (SELECT CASE WHEN (count(*) > 1000) THEN E'\001' ELSE coalesce('[' || string_agg(anon_3.j, ',') || ']', '[]') END AS anon_2
FROM (SELECT coalesce(('{"id":"' || CAST(CAST(document_versions_2.id AS BIGINT) AS TEXT) || '","number":' || CAST(CAST(document_versions_2.number AS BIGINT) AS TEXT) || ',"checksum":' || CAST(to_json(CAST(document_versions_2.checksum AS TEXT)) AS TEXT) || ',"createdAt":' || CASE WHEN (document_versions_2.created_at NOT BETWEEN '0001-01-01+00'::timestamptz AND '9999-12-31 23:59:59.999999+00'::timestamptz) THEN E'\001' ELSE CAST(to_json(document_versions_2.created_at) AS TEXT) END || ',"author":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(users_2.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(users_2.name AS TEXT)) AS TEXT) || E',"initials":\0021:' || CAST(array_to_json(ARRAY[CAST(users_2.name AS TEXT)]) AS TEXT) || E'\002,"avatarUrl":' || CASE WHEN (users_2.avatar_url IS NULL) THEN 'null' ELSE CAST(to_json(CAST(users_2.avatar_url AS TEXT)) AS TEXT) END || '}'), E'\001') AS coalesce_3
FROM users AS users_2
WHERE users_2.id = document_versions_2.author_id AND users_2.organization_id = %(viewer_organization_id)s), E'\001') || '}'), E'\001') AS j
FROM document_versions AS document_versions_2
WHERE documents_1.id = document_versions_2.document_id ORDER BY document_versions_2.number DESC, document_versions_2.id ASC
 LIMIT 1001) AS anon_3) || ',"matter":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(matters_1.id AS BIGINT) AS TEXT) || '","reference":' || CAST(to_json(CAST(matters_1.reference AS TEXT)) AS TEXT) || ',"title":' || CAST(to_json(CAST(matters_1.title AS TEXT)) AS TEXT) || ',"status":' || CASE WHEN (CAST(matters_1.status AS TEXT) = 'open') THEN '"OPEN"' WHEN (CAST(matters_1.status AS TEXT) = 'on_hold') THEN '"ON_HOLD"' WHEN (CAST(matters_1.status AS TEXT) = 'closed') THEN '"CLOSED"' ELSE E'\001' END || ',"documentCount":' || (SELECT CASE WHEN (count(*) NOT BETWEEN -2147483648 AND 2147483647) THEN E'\001' ELSE CAST(CAST(count(*) AS BIGINT) AS TEXT) END AS anon_4
FROM documents AS documents_2
WHERE matters_1.id = documents_2.matter_id) || ',"client":' || coalesce((SELECT coalesce(('{"id":"' || CAST(CAST(clients_1.id AS BIGINT) AS TEXT) || '","name":' || CAST(to_json(CAST(clients_1.name AS TEXT)) AS TEXT) || '}'), E'\001') AS coalesce_5
FROM clients AS clients_1
WHERE clients_1.id = matters_1.client_id AND clients_1.organization_id = %(viewer_organization_id)s), E'\001') || '}'), E'\001') AS coalesce_4
FROM matters AS matters_1
WHERE matters_1.id = documents_1.matter_id), E'\001') || '}'), E'\001') AS coalesce_1
FROM documents AS documents_1
WHERE documents_1.id = %(r0s0_k0)s AND (EXISTS (SELECT 1
FROM matters AS matters_2
WHERE matters_2.id = documents_1.matter_id AND matters_2.organization_id = %(viewer_organization_id)s))), 'null') AS j;
