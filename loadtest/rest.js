// The Matter page as the old frontend loads it over REST: waves of calls, each wave's addresses known from the answers
// to the one before, six calls at a time, nothing asked twice.
//
// These are the calls of `matter_page` in app/rest/frontend.py; a test compares the two.

import http from 'k6/http';

import { findMatters, loadOne, settings, SITE, summarize } from './site.js';

const LARGEST_PAGE = 200;

export const options = settings;
export { findMatters as setup, summarize as handleSummary };

export default function (firms) {
  loadOne(firms, loadMatter);
}

function loadMatter(id, headers) {
  const browser = new Browser(headers);
  const here = `/api/matters/${id}`;
  const parts = ['members', 'tasks', 'documents', 'time_entries', 'invoices', 'events'];
  try {
    const lists = browser.whole(parts.map((part) => `${here}/${part}`), [here]);
    const [members, tasks, documents, entries] = lists;
    const matter = browser.get([here])[0];
    const client = `/api/clients/${matter.json('client_id')}`;
    const further = [
      ...all(documents, 'id').map((document) => `/api/documents/${document}/versions`),
      ...all(tasks, 'id').map((task) => `/api/tasks/${task}/comments`),
      ...all(tasks, 'id').map((task) => `/api/tasks/${task}/tags`),
    ];
    const known = users([
      matter.json('lead_id'),
      ...all(members, 'user_id'),
      ...all(tasks, 'assignee_id'),
      ...all(documents, 'uploader_id'),
      ...all(entries, 'user_id'),
    ]);
    const [, ...written] = browser.whole([`${client}/contacts`, ...further], [client, ...known]);
    const owner = browser.get([client])[0].json('owner_id');
    browser.get(users([owner, ...written.flatMap((answers) => all(answers, 'author_id'))]));
  } catch (error) {
    if (error instanceof CallFailed) return null;
    throw error;
  }
  return [...browser.answers.values()];
}

// One page load: it keeps every answer until the page is there.
class Browser {
  constructor(headers) {
    this.headers = headers;
    this.answers = new Map();
  }

  // The answers to `paths`; what was not asked before is one wave.
  get(paths) {
    const wave = [...new Set(paths)].filter((path) => !this.answers.has(path));
    const parameters = { headers: this.headers, tags: { name: 'REST' } };
    const responses = http.batch(wave.map((path) => ['GET', SITE + path, null, parameters]));
    responses.forEach((response, index) => {
      if (response.status !== 200) throw new CallFailed(`${wave[index]} ${response.status}`);
      this.answers.set(wave[index], response);
    });
    return paths.map((path) => this.answers.get(path));
  }

  // The pages of every list in `paths`: the first in one wave together with `beside`, the rest in a second.
  whole(paths, beside) {
    const firsts = paths.map((path) => `${path}?limit=${LARGEST_PAGE}`);
    const answers = this.get([...firsts, ...beside]);
    const rests = paths.map((path, index) => {
      const left = [];
      for (let offset = LARGEST_PAGE; offset < answers[index].json('total'); offset += LARGEST_PAGE) {
        left.push(`${path}?limit=${LARGEST_PAGE}&offset=${offset}`);
      }
      return left;
    });
    this.get(rests.flat());
    return paths.map((_, index) => this.get([firsts[index], ...rests[index]]));
  }
}

class CallFailed extends Error {}

// What the rows of a list refer to by `name`, where they do.
function all(answers, name) {
  return answers.flatMap((answer) => answer.json(`items.#.${name}`)).filter((value) => value !== null);
}

function users(ids) {
  return ids.map((id) => `/api/users/${id}`);
}
