//go:build !js

// Package oldserver is a server of the old API with the flaws that real ones have,
// each by a switch, and with a book of what its clients did. It shares no code with
// our own server: it is what clients are measured against.
package oldserver

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"lockstep/shared/syncquery"
)

// Options are the flaws. The zero value is a server without any that reads at once.
type Options struct {
	UnlockedReads bool          // GET on an unlocked endpoint answers 200
	FreeAny       bool          // DELETE frees anyone's lock
	Close         bool          // every answer closes the connection
	CORS          bool          // pages of any origin may call
	ReadTime      time.Duration // how long reading a resource takes
	Latency       time.Duration // how long anything takes on top
	ErrorRate     float64       // of calls that are answered 500 before the effect; 0 to 1
	DropRate      float64       // of calls whose answer is lost after the effect; 0 to 1
	Seed          uint64        // of the draws for the rates
}

// Server is the server. Safe for concurrent use.
type Server struct {
	options Options
	mux     *http.ServeMux

	mu        sync.Mutex
	random    *rand.Rand
	endpoints map[string]*endpoint
	registry  syncquery.Registry
	stats     stats
}

type endpoint struct {
	resources []int64
	locked    bool
	owner     string // the X-Client that locked it
	taken     int    // how often it was locked, which tells one lock from the next
}

var _ http.Handler = (*Server)(nil)

// New returns a server of the registry.
func New(registry syncquery.Registry, options Options) *Server {
	s := &Server{
		options: options, mux: http.NewServeMux(), registry: registry,
		random:    rand.New(rand.NewPCG(options.Seed, 0)), //nolint:gosec // faults, not secrets
		endpoints: map[string]*endpoint{}, stats: newStats(),
	}
	for _, e := range registry {
		s.endpoints[e.Name] = &endpoint{resources: e.Resources, locked: e.Locked}
	}
	s.mux.HandleFunc("GET /registry", s.call("GET /registry", s.getRegistry))
	s.mux.HandleFunc("POST /{endpoint}/lock", s.call("POST /{endpoint}/lock", s.lock))
	s.mux.HandleFunc("DELETE /{endpoint}/lock", s.call("DELETE /{endpoint}/lock", s.unlock))
	s.mux.HandleFunc("GET /{endpoint}/resource/{id}", s.call("GET /{endpoint}/resource/{id}", s.resource))
	s.mux.HandleFunc("GET /stats", s.getStats)
	s.mux.HandleFunc("POST /stats/reset", s.resetStats)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.options.Close {
		w.Header().Set("Connection", "close")
	}
	if s.options.CORS {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		if r.Method == http.MethodOptions {
			w.Header().Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
			w.Header().Set("Access-Control-Allow-Headers", "*")
			w.Header().Set("Access-Control-Max-Age", "3600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	s.mux.ServeHTTP(w, r)
}

// answer is a status and a JSON body. Reading takes time before it is sent: hold is
// how long, held is called when it is over.
type answer struct {
	status int
	body   any
	hold   time.Duration
	held   func()
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

func fail(status int, format string, args ...any) answer {
	return answer{status: status, body: map[string]string{"error": fmt.Sprintf(format, args...)}}
}

// call wraps a route: it takes its time, fails by the rates, and keeps the book.
func (s *Server) call(route string, handle func(*http.Request) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !wait(r, s.options.Latency) {
			return
		}
		fails, drops := s.draw()
		if fails {
			s.count(route, http.StatusInternalServerError)
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = fmt.Fprintln(w, "<h1>Internal Server Error</h1>")
			return
		}
		a := handle(r)
		if !wait(r, a.hold) {
			return
		}
		if a.held != nil {
			a.held()
		}
		if drops {
			s.countLost(route, r.PathValue("endpoint"))
			panic(http.ErrAbortHandler) // net/http closes the connection, and nothing was written
		}
		s.count(route, a.status)
		writeJSON(w, a.status, a.body)
	}
}

func (s *Server) draw() (fails, drops bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.Float64() < s.options.ErrorRate, s.random.Float64() < s.options.DropRate
}

func wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (s *Server) getRegistry(*http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	view := make(listing, len(s.registry))
	for i, e := range s.registry {
		e.Locked = s.endpoints[e.Name].locked
		view[i] = e
	}
	return ok(view)
}

func (s *Server) lock(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := r.PathValue("endpoint")
	e := s.endpoints[name]
	switch {
	case e == nil:
		return fail(http.StatusNotFound, "'%s' not found", name)
	case e.locked:
		return fail(http.StatusForbidden, "'%s' is already locked", name)
	}
	e.locked, e.owner = true, r.Header.Get("X-Client")
	e.taken++
	return ok(struct{}{})
}

func (s *Server) unlock(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := r.PathValue("endpoint")
	e := s.endpoints[name]
	switch {
	case e == nil:
		return fail(http.StatusNotFound, "'%s' not found", name)
	case !e.locked:
		return fail(http.StatusForbidden, "'%s' is already unlocked", name)
	case e.owner != r.Header.Get("X-Client"):
		if !s.options.FreeAny {
			return fail(http.StatusForbidden, "'%s' is locked by somebody else", name)
		}
		s.stats.ForeignLocksFreed++
	}
	e.locked, e.owner = false, ""
	return ok(struct{}{})
}

func (s *Server) resource(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := r.PathValue("endpoint")
	e := s.endpoints[name]
	if e == nil {
		return fail(http.StatusNotFound, "'%s' not found", name)
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || !slices.Contains(e.resources, id) {
		return fail(http.StatusNotFound, "'%s' does not expose resource '%s'", name, r.PathValue("id"))
	}
	counted := s.judge(e, r, e.taken)
	if !e.locked && !s.options.UnlockedReads {
		return fail(http.StatusForbidden, "'%s' must be locked to access its state", name)
	}
	lock := e.taken
	return answer{
		status: http.StatusOK, body: map[string]string{"state": fmt.Sprintf("state of %d", id)},
		hold: s.options.ReadTime,
		held: func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if !counted {
				s.judge(e, r, lock)
			}
		},
	}
}

// judge counts a read that is not made under the reader's own lock, the one with
// the number, and says whether it did. It is asked at the read's begin and end;
// s.mu is held.
func (s *Server) judge(e *endpoint, r *http.Request, lock int) (bad bool) {
	switch {
	case !e.locked:
		s.stats.ReadsWithoutLock++
	case e.owner != r.Header.Get("X-Client") || e.taken != lock:
		s.stats.ReadsUnderForeignLock++
	default:
		return false
	}
	return true
}
