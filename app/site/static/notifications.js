// A notification in a list; an unread one can be marked read.

import { actionButton } from './actions.js';
import { h, icon } from './dom.js';
import { words } from './format.js';
import { matterLink, time } from './parts.js';

export function notificationRow(notification, context) {
  const { id, body, kind, createdAt, readAt, matter } = notification;
  const place = `notification-${id}`;
  return h(
    'li', { id: place, key: id, mark: true, class: `row note ${readAt === null ? 'unread' : 'read'}` },
    h('div', { class: 'grow' },
      h('span', {}, body),
      h('small', {}, words(kind), ' · ', time(createdAt), matter && [' · ', matterLink(matter)])),
    readAt === null
      ? actionButton(context, place, 'Mark read', () => mark(notification, context))
      : h('span', { class: 'muted', title: 'Read' }, icon('check')));
}

function mark({ id }, context) {
  return context.change(`notification-${id}`, 'MarkNotificationRead', { notificationId: id }, {
    now: (data) => read(data, id, new Date().toISOString()),
    then: (data, { notification }) => read(data, id, notification.readAt, notification.user.unreadCount),
  });
}

function read({ viewer, inbox }, id, readAt, left) {
  const all = inbox ? inbox.edges.map((edge) => edge.node) : viewer.unread.nodes;
  const notification = all.find((it) => it.id === id);
  if (!notification || notification.readAt === readAt) return;
  const isNews = notification.readAt === null;
  notification.readAt = readAt;
  const counted = (value) => value === null ? null : left ?? value - (isNews ? 1 : 0);
  if (inbox) viewer.unreadCount = counted(viewer.unreadCount);
  else viewer.unread.totalCount = counted(viewer.unread.totalCount);
}
