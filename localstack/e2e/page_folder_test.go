package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// pageFolder returns the folder with the page's files.
func pageFolder(t *testing.T) string {
	t.Helper()
	notWithURL(t)
	built(t, "web", "web/page.js")
	return filepath.Join("..", "..", "build", "web")
}

// serveStatic serves the page as any server of static files would, but for what wrap
// makes of that, and opens nothing yet.
func serveStatic(t *testing.T, wrap func(files http.Handler) http.Handler) (p tab, url string) {
	t.Helper()
	static := httptest.NewServer(wrap(http.FileServer(http.Dir(pageFolder(t)))))
	t.Cleanup(static.Close)
	return tab{ctx: browser(t)}, static.URL
}

// The files need no server of ours: any that serves a folder will do, wherever on it the
// folder is. What they say of their security themselves lets the page work.
func TestThePageIsAFolder(t *testing.T) {
	for name, path := range map[string]string{"a host of its own": "", "a part of another": "/some/where"} {
		t.Run(name, func(t *testing.T) {
			p, url := serveStatic(t, func(files http.Handler) http.Handler { return http.StripPrefix(path, files) })
			requireNoComplaints(t, p.ctx, url)
			p.open(t, url+path+"/?strategy=group&queries=100&workers=10")
			require.Equal(t, everyQueryAnswered, p.run(t))
		})
	}
}

// What a first visit loads is small.
func TestThePageIsSmall(t *testing.T) {
	folder := pageFolder(t)
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		return string(content)
	}
	loaded := map[string]bool{}
	imports := regexp.MustCompile(`(?:from|import)\s*"\./([^"]+)"`) // not what import("./...") loads later
	var load func(name string)
	load = func(name string) {
		if loaded[name] {
			return
		}
		loaded[name] = true
		if filepath.Ext(name) == ".js" {
			for _, m := range imports.FindAllStringSubmatch(read(name), -1) {
				load(m[1])
			}
		}
	}
	load("index.html")
	for _, m := range regexp.MustCompile(`(?:src|href)="([\w.-]+\.(?:js|css|svg))"`).FindAllStringSubmatch(read("index.html"), -1) {
		load(m[1])
	}
	load("worker.js")
	load("lockstep.wasm")
	require.Subset(t, loaded, map[string]bool{"page.js": true, "style.css": true, "icon.svg": true})
	sum := 0
	for name := range loaded {
		sum += len(read(name + ".br"))
	}
	t.Logf("%d files, %d bytes", len(loaded), sum)
	require.LessOrEqual(t, len(read("lockstep.wasm.br")), 800_000, "the module")
	require.LessOrEqual(t, sum, 1_100_000, "the whole first load")
}

// switched is a server that has some files only when it is switched on.
type switched struct {
	files   http.Handler
	missing *regexp.Regexp

	mu    sync.Mutex
	on    bool
	asked int // for what is missing
}

func (s *switched) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	missing := !s.on && s.missing.MatchString(r.URL.Path)
	if missing {
		s.asked++
	}
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	if missing {
		http.NotFound(w, r)
		return
	}
	s.files.ServeHTTP(w, r)
}

func (s *switched) switchOn() (asked int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = true
	return s.asked
}

func serveWithout(t *testing.T, missing string) (p tab, url string, s *switched) {
	t.Helper()
	s = &switched{missing: regexp.MustCompile(missing)}
	p, url = serveStatic(t, func(files http.Handler) http.Handler {
		s.files = files
		return s
	})
	requireNoComplaints(t, p.ctx, "none: that a file is not there is said of the network")
	return p, url, s
}

// What can't be drawn for want of the histogram's code is all that is missing then.
func TestThePageDoesWithoutTheHistogram(t *testing.T) {
	p, url, s := serveWithout(t, `histogram`)
	p.open(t, url+"/?strategy=group&queries=50&workers=5")
	require.Equal(t, everyQueryAnswered, p.run(t))
	require.Len(t, p.table(t), 1)
	require.Zero(t, eval[int](t, p, `document.querySelectorAll('#latency canvas').length`))
	require.Positive(t, s.switchOn())
	p.open(t, url+"/?strategy=group&queries=50&workers=5") // one page does not ask twice
	require.Equal(t, everyQueryAnswered, p.run(t))
	p.until(t, `document.querySelectorAll('#latency canvas').length === 1`)
}

// A worker that can't be loaded is not asked for without end, and what is wrong is said.
func TestThePageNeedsItsWorker(t *testing.T) {
	p, url, s := serveWithout(t, `worker\.js`)
	p.open(t, url+"/?strategy=group&queries=50&workers=5")
	require.Contains(t, p.run(t), "the worker could not be loaded")
	require.LessOrEqual(t, s.switchOn(), 2, "once for the page, once for the run")
	require.Equal(t, everyQueryAnswered, p.run(t), "now that it is there")
}

// Of a run that is too long to be kept whole, no file pretends to have all queries.
func TestThePageCutsWhatIsTooLong(t *testing.T) {
	folder := pageFolder(t)
	p, url := serveStatic(t, func(files http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			content, err := os.ReadFile(filepath.Join(folder, filepath.Base(r.URL.Path)))
			if err != nil || !strings.HasSuffix(r.URL.Path, ".js") {
				files.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write([]byte(strings.ReplaceAll(string(content), "6e5", "500"))) // 600,000 events would take their time
		})
	})
	requireNoComplaints(t, p.ctx, url)
	p.open(t, url+"/?strategy=baseline&queries=100&workers=10")
	require.Equal(t, everyQueryAnswered, p.run(t))
	require.Contains(t, p.text(t, "#notes"), "baseline: the pictures show the first 500 events, too few for a CSV of the queries")
	require.True(t, eval[bool](t, p, `document.querySelector('[data-file=queries]').disabled`))
	p.open(t, url+"/?strategy=group&queries=10&workers=10")
	require.Equal(t, everyQueryAnswered, p.run(t))
	require.False(t, eval[bool](t, p, `document.querySelector('[data-file=queries]').disabled`))
}
