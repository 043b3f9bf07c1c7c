package e2e_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/oldserver"
)

// live is an address's query that asks the server, not the simulator.
func live(server, more string) string { return "?where=url&url=" + escaped(server) + more }

// From the page every query is answered, against our server and against an old one, and
// no lock is left.
func TestThePageAsksServers(t *testing.T) {
	p := openPage(t, "")
	old := startOld(t, oldserver.Options{CORS: true, ReadTime: 20 * time.Millisecond}).URL
	for _, c := range []struct{ name, server, strategy string }{
		{"our own, whole readings", p.bundle.LocksURL, "group"}, {"our own, the old API", p.bundle.LocksURL, "cover"},
		{"an old one, group", old, "group"}, {"an old one, baseline", old, "baseline"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.open(t, p.bundle.PageURL+"/"+live(c.server, "&queries=30&workers=6&strategy="+c.strategy))
			require.Equal(t, everyQueryAnswered, p.run(t))
			rows := p.table(t, "rows")
			require.Len(t, rows, 1)
			require.Equal(t, []string{c.strategy, "30", "0"}, rows[0][:3])
			requireNothingLocked(t, c.server)
		})
	}
}

// The server beside the page is a click away.
func TestThePageKnowsItsServer(t *testing.T) {
	p := openPage(t, "")
	p.click(t, "#settings summary")
	p.click(t, "[data-scene=here]")
	require.Equal(t, "?where=url&url="+escaped(p.bundle.LocksURL)+"&strategy=group&queries=200&workers=20", eval[string](t, p, `location.search`))
	require.Equal(t, everyQueryAnswered, p.run(t))
	requireNothingLocked(t, p.bundle.LocksURL)
}

// Stopping in the middle of a run frees what is locked, and says so.
func TestThePageStopsCleanly(t *testing.T) {
	p := openPage(t, "")
	for name, server := range map[string]string{
		"our own": p.bundle.LocksURL, "an old one": startOld(t, oldserver.Options{CORS: true, ReadTime: 100 * time.Millisecond}).URL,
	} {
		t.Run(name, func(t *testing.T) {
			p.open(t, p.bundle.PageURL+"/"+live(server, "&strategy=cover&queries=1000&workers=20"))
			p.click(t, "#run")
			p.until(t, `document.querySelector('#progress').value > 0 && document.querySelector('#n-held').textContent !== '0'`)
			p.click(t, "#stop")
			require.Regexp(t, `^Stopped after \d+ of 1,000 queries; nothing is left locked\.$`, p.ended(t))
			requireNothingLocked(t, server)
		})
	}
}

// Where no server is, the page says so, and what to look for.
func TestThePageSaysThatNobodyAnswers(t *testing.T) {
	p := openPage(t, live("http://127.0.0.1:1", "&strategy=group"))
	status := p.run(t)
	require.Contains(t, status, "No run at http://127.0.0.1:1: ")
	require.Contains(t, status, "Is a server there, and does it let pages of other origins call it (CORS)?")
	require.True(t, eval[bool](t, p, `document.querySelector('#status').classList.contains('bad')`))
}

// An option that makes no sense is named at its field.
func TestThePageNamesTheField(t *testing.T) {
	p := openPage(t, live("ftp://127.0.0.1", "&strategy=group"))
	require.Contains(t, p.run(t), "url")
	require.Equal(t, "true", eval[string](t, p, `document.querySelector('[name=url]').getAttribute('aria-invalid')`))
	require.True(t, eval[bool](t, p, `document.querySelector('#settings').open`))
}

// Against a server of ours, the page sees what others lock, and does not take its own
// locks for theirs.
func TestThePageShowsOthersLocks(t *testing.T) {
	p := openPage(t, "")
	lock := p.bundle.LocksURL + "/" + url.PathEscape("heron") + "/lock" // it serves nothing: no run needs it
	for _, strategy := range []string{"group", "cover"} {
		t.Run(strategy, func(t *testing.T) {
			p.open(t, p.bundle.PageURL+"/"+live(p.bundle.LocksURL, "&queries=40&workers=4&strategy="+strategy))
			p.click(t, "#run")
			p.until(t, `document.querySelector('#progress').value > 0`)
			step := func(method string) {
				request, err := http.NewRequestWithContext(t.Context(), method, lock, nil)
				require.NoError(t, err)
				answer, err := http.DefaultClient.Do(request)
				require.NoError(t, err)
				require.NoError(t, answer.Body.Close())
				require.Equal(t, http.StatusOK, answer.StatusCode)
			}
			step(http.MethodPost)
			p.until(t, `document.querySelector('#progress').value > 10`)
			step(http.MethodDelete)
			require.Equal(t, everyQueryAnswered, p.ended(t))
			eval[bool](t, p, `document.querySelector('#timeline-table').open = true`)
			p.until(t, `document.querySelectorAll('#timeline-rows tr').length > 0`)
			held, byOthers := 0, map[string]string{}
			for _, row := range p.table(t, "timeline-rows") {
				if row[1] != "0" {
					held++
				}
				if row[5] != "0" {
					byOthers[row[0]] = row[5]
				}
			}
			require.Equal(t, map[string]string{"heron": "1"}, byOthers)
			require.Positive(t, held, "our own")
		})
	}
}

// A page that is closed in the middle of a run frees the locks of an old server that it
// holds. Nobody else would.
func TestClosingThePageFreesItsLocks(t *testing.T) {
	old := startOld(t, oldserver.Options{CORS: true, ReadTime: 20 * time.Second}).URL
	p := openPage(t, live(old, "&strategy=baseline&queries=5&workers=2&seed=3"))
	p.click(t, "#run")
	// Once it reads, it locks nothing more: what is called beyond the registry and the locks.
	p.until(t, `Number(document.querySelector('#n-calls').textContent) > Number(document.querySelector('#n-held').textContent) + 1`)
	require.True(t, anyLocked(t, old))
	p.do(t, chromedp.Navigate("about:blank"))
	require.Eventually(t, func() bool { return !anyLocked(t, old) }, 10*time.Second, 50*time.Millisecond)
}

// A server of ours frees by itself what it holds for a page that is gone.
func TestClosingThePageLeavesNoLease(t *testing.T) {
	p := openPage(t, "")
	p.open(t, p.bundle.PageURL+"/"+live(p.bundle.LocksURL, "&strategy=group&queries=1000&workers=5"))
	p.click(t, "#run")
	p.until(t, `document.querySelector('#progress').value > 10`)
	p.do(t, chromedp.Navigate("about:blank"))
	require.Eventually(t, func() bool { return !anyLocked(t, p.bundle.LocksURL) }, 10*time.Second, 50*time.Millisecond)
}
