/** The pictures of this browser, in its IndexedDB: bounded in number and in bytes, the oldest goes first. */

const DATABASE = "ekiben";
const PICTURES = "pictures";
export const MOST_PICTURES = 60;
const MOST_BYTES = 200 * 2 ** 20;

let opening = null;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(PICTURES, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

async function inStore(mode, work) {
  const transaction = (await open()).transaction(PICTURES, mode);
  const request = work(transaction.objectStore(PICTURES));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** All of them, the newest first. */
export async function all() {
  const found = await inStore("readonly", (store) => store.getAll());
  return found.sort((one, other) => other.made - one.made);
}

export const put = (picture) => inStore("readwrite", (store) => store.put(picture));

export const remove = (ids) =>
  inStore("readwrite", (store) => {
    for (const id of ids) store.delete(id);
  });

/** Which of these, newest first, are beyond the bounds. */
export function beyond(pictures) {
  let bytes = 0;
  return pictures.filter((picture, index) => {
    bytes += picture.blob.size + (picture.source?.size ?? 0);
    return index >= MOST_PICTURES || bytes > MOST_BYTES;
  });
}
