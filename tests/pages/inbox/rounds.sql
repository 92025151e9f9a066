-- 1
SELECT users_1.id AS k0
FROM users AS users_1
WHERE users_1.id = ANY (%(k0)s::BIGINT[]) AND users_1.organization_id = %(viewer_organization_id)s;

-- 2
SELECT notifications_1.id AS c0, notifications_1.kind AS c1, notifications_1.body AS c2, notifications_1.created_at AS c3, notifications_1.read_at AS c4, notifications_1.matter_id AS c5, CAST(notifications_1.created_at AS TEXT) AS o0, CAST(notifications_1.id AS TEXT) AS o1
FROM notifications AS notifications_1
WHERE notifications_1.user_id = %(viewer_user_id)s ORDER BY notifications_1.created_at DESC, notifications_1.id DESC
 LIMIT %(limit_)s;

-- 3
SELECT k.k0, count(*) FILTER (WHERE notifications_1.read_at IS NULL) AS c0
FROM unnest(%(k0)s::BIGINT[]) AS k(k0), notifications AS notifications_1
WHERE k.k0 = notifications_1.user_id AND notifications_1.user_id = %(viewer_user_id)s GROUP BY k.k0;

-- 4
SELECT count(*) AS count_1
FROM notifications AS notifications_1
WHERE notifications_1.user_id = %(viewer_user_id)s;

-- 5
SELECT matters_1.id AS k0, matters_1.reference AS c0, matters_1.title AS c1
FROM matters AS matters_1
WHERE matters_1.id = ANY (%(k0)s::BIGINT[]) AND matters_1.organization_id = %(viewer_organization_id)s;
