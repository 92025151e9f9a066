// A notification in a list; an unread one can be marked read.

import { actionButton } from './actions.js';
import { h, icon } from './dom.js';
import { words } from './format.js';
import { matterLink, time } from './parts.js';

// `onread(payload)` hears of a notification that was marked.
export function notificationRow(notification, { change }, onread) {
  const item = h('li', { id: `notification-${notification.id}` });
  show();
  return item;

  function show() {
    const isRead = notification.readAt !== null;
    item.className = `row note ${isRead ? 'read' : 'unread'}`;
    item.replaceChildren(
      h('div', { class: 'grow' },
        h('span', {}, notification.body),
        h('small', {},
          words(notification.kind), ' · ', time(notification.createdAt),
          notification.matter && [' · ', matterLink(notification.matter)]),
      ),
      isRead ? h('span', { class: 'muted', title: 'Read' }, icon('check')) : actionButton('Mark read', mark),
    );
  }

  async function mark() {
    const payload = await change('MarkNotificationRead', { notificationId: notification.id });
    notification.readAt = payload.notification.readAt;
    show();
    onread?.(payload);
  }
}
