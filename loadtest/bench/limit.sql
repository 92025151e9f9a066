\set id :first + :step * random(0, :count - 1)
-- The Matter page as an expert would write it by hand: one statement, one text, each row reached through an index, the
-- tenant checked once. Correlated subqueries and pieces of text are the fastest of the forms in report/forms.md.
select '{"id":"' || m.id
  || '","reference":' || to_json(m.reference)
  || ',"title":' || to_json(m.title)
  || ',"status":"' || upper(m.status)
  || '","description":' || to_json(m.description)
  || ',"budgetCents":' || m.budget_cents
  || ',"openedAt":' || to_json(m.opened_at)
  || ',"dueAt":' || coalesce(to_json(m.due_at)::text, 'null')
  || ',"client":' || (
    select '{"id":"' || c.id
      || '","name":' || to_json(c.name)
      || ',"industry":' || to_json(c.industry)
      || ',"website":' || coalesce(to_json(c.website)::text, 'null')
      || ',"owner":' || (
        select '{"id":"' || u.id || '","name":' || to_json(u.name)
          || ',"avatarUrl":' || coalesce(to_json(u.avatar_url)::text, 'null') || '}'
        from users u where u.id = c.owner_id
      )
      || ',"contacts":' || coalesce((
        select '[' || string_agg(
          '{"id":"' || o.id || '","name":' || to_json(o.name) || ',"email":' || to_json(o.email)
            || ',"phone":' || coalesce(to_json(o.phone)::text, 'null') || '}',
          ',' order by o.name, o.id
        ) || ']'
        from contacts o where o.client_id = c.id
      ), '[]') || '}'
    from clients c where c.id = m.client_id
  )
  || ',"lead":' || (
    select '{"id":"' || u.id || '","name":' || to_json(u.name)
      || ',"avatarUrl":' || coalesce(to_json(u.avatar_url)::text, 'null') || ',"title":' || to_json(u.title) || '}'
    from users u where u.id = m.lead_id
  )
  || ',"members":' || coalesce((
    select '[' || string_agg(
      '{"role":"' || upper(mm.role) || '","user":' || (
        select '{"id":"' || u.id || '","name":' || to_json(u.name)
          || ',"avatarUrl":' || coalesce(to_json(u.avatar_url)::text, 'null') || ',"title":' || to_json(u.title) || '}'
        from users u where u.id = mm.user_id
      ) || '}',
      ',' order by mm.role, mm.user_id
    ) || ']'
    from matter_members mm where mm.matter_id = m.id
  ), '[]')
  || ',"tasks":' || coalesce((
    select '[' || string_agg(
      '{"id":"' || t.id
        || '","title":' || to_json(t.title)
        || ',"status":"' || upper(t.status)
        || '","priority":' || t.priority
        || ',"dueAt":' || coalesce(to_json(t.due_at)::text, 'null')
        || ',"assignee":' || coalesce((
          select '{"id":"' || u.id || '","name":' || to_json(u.name)
            || ',"avatarUrl":' || coalesce(to_json(u.avatar_url)::text, 'null') || '}'
          from users u where u.id = t.assignee_id
        ), 'null')
        || ',"tags":' || coalesce((
          select '[' || string_agg(
            '{"id":"' || g.id || '","name":' || to_json(g.name) || ',"color":' || to_json(g.color) || '}',
            ',' order by g.name, g.id
          ) || ']'
          from task_tags tt join tags g on g.id = tt.tag_id where tt.task_id = t.id
        ), '[]')
        || ',"comments":' || coalesce((
          select '[' || string_agg(
            '{"id":"' || k.id || '","body":' || to_json(k.body) || ',"createdAt":' || to_json(k.created_at)
              || ',"author":' || (
                select '{"id":"' || u.id || '","name":' || to_json(u.name)
                  || ',"avatarUrl":' || coalesce(to_json(u.avatar_url)::text, 'null') || '}'
                from users u where u.id = k.author_id
              ) || '}',
            ',' order by k.created_at, k.id
          ) || ']'
          from comments k where k.task_id = t.id
        ), '[]') || '}',
      ',' order by t.position, t.id
    ) || ']'
    from tasks t where t.matter_id = m.id
  ), '[]')
  || ',"documents":' || coalesce((
    select '[' || string_agg(
      '{"id":"' || d.id
        || '","title":' || to_json(d.title)
        || ',"kind":' || to_json(d.kind)
        || ',"sizeBytes":' || d.size_bytes
        || ',"updatedAt":' || to_json(d.updated_at)
        || ',"uploader":' || (
          select '{"id":"' || u.id || '","name":' || to_json(u.name)
            || ',"avatarUrl":' || coalesce(to_json(u.avatar_url)::text, 'null') || '}'
          from users u where u.id = d.uploader_id
        )
        || ',"versions":' || coalesce((
          select '[' || string_agg(
            '{"id":"' || v.id || '","number":' || v.number || ',"checksum":' || to_json(v.checksum)
              || ',"createdAt":' || to_json(v.created_at)
              || ',"author":' || (
                select '{"id":"' || u.id || '","name":' || to_json(u.name)
                  || ',"avatarUrl":' || coalesce(to_json(u.avatar_url)::text, 'null') || '}'
                from users u where u.id = v.author_id
              ) || '}',
            ',' order by v.number, v.id
          ) || ']'
          from document_versions v where v.document_id = d.id
        ), '[]') || '}',
      ',' order by d.title, d.id
    ) || ']'
    from documents d where d.matter_id = m.id
  ), '[]')
  || ',"timeEntries":' || coalesce((
    select '[' || string_agg(
      '{"id":"' || e.id || '","minutes":' || e.minutes || ',"billable":' || e.billable
        || ',"workedOn":' || to_json(e.worked_on) || ',"note":' || to_json(e.note)
        || ',"user":' || (
          select '{"id":"' || u.id || '","name":' || to_json(u.name)
            || ',"avatarUrl":' || coalesce(to_json(u.avatar_url)::text, 'null') || '}'
          from users u where u.id = e.user_id
        ) || '}',
      ',' order by e.worked_on, e.id
    ) || ']'
    from time_entries e where e.matter_id = m.id
  ), '[]')
  || ',"invoices":' || coalesce((
    select '[' || string_agg(
      '{"id":"' || i.id || '","number":' || to_json(i.number) || ',"status":"' || upper(i.status)
        || '","totalCents":' || i.total_cents || ',"issuedOn":' || to_json(i.issued_on)
        || ',"dueOn":' || to_json(i.due_on) || '}',
      ',' order by i.issued_on, i.id
    ) || ']'
    from invoices i where i.matter_id = m.id
  ), '[]')
  || ',"events":' || coalesce((
    select '[' || string_agg(
      '{"id":"' || v.id || '","title":' || to_json(v.title) || ',"startsAt":' || to_json(v.starts_at)
        || ',"endsAt":' || to_json(v.ends_at) || ',"location":' || coalesce(to_json(v.location)::text, 'null') || '}',
      ',' order by v.starts_at, v.id
    ) || ']'
    from events v where v.matter_id = m.id
  ), '[]') || '}'
from matters m
where m.id = :id and m.organization_id = :organization;
