// A page that is closed in the middle of a run frees what it holds, as well as that can
// be: an old server knows no owner whom it could miss. What a server of ours holds for us
// ends by itself.

// freeOnLeave frees, when the page goes away, what held() says: {url, name, endpoints}.
export function freeOnLeave(held, onLeave) {
  addEventListener("pagehide", () => {
    const { url, name, endpoints } = held();
    for (const endpoint of endpoints) {
      const headers = name ? { "X-Client": name } : {};
      fetch(`${url.replace(/\/+$/, "")}/${encodeURIComponent(endpoint)}/lock`, { method: "DELETE", keepalive: true, headers }).catch(() => {});
    }
    onLeave();
  });
}
