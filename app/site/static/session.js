// Who is signed in is the browser's and not a window's: whoever signs out in one is signed out in all of them.

const windows = new BroadcastChannel('briefcase.session');

// Sign out, and tell the other windows.
export async function signOut() {
  await fetch('/auth/sign-out', { method: 'POST' });
  windows.postMessage('signed out');
}

// Hear that another window has signed out.
export function onSignOut(hear) {
  windows.addEventListener('message', () => hear());
}
