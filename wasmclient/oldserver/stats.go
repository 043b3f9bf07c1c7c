//go:build !js

package oldserver

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"lockstep/shared/syncquery"
)

// stats is the book of what clients did since the start or the last reset.
type stats struct {
	Calls                 map[string]map[string]int `json:"calls"` // by route, by status; "lost" for a dropped answer
	ReadsWithoutLock      int                       `json:"reads_without_lock"`
	ReadsUnderForeignLock int                       `json:"reads_under_foreign_lock"`
	ForeignLocksFreed     int                       `json:"foreign_locks_freed"`
	LocksLeft             []string                  `json:"locks_left"`
	AnswersLost           []string                  `json:"answers_lost"` // endpoints whose lock or unlock went unanswered
}

func newStats() stats {
	return stats{Calls: map[string]map[string]int{}, AnswersLost: []string{}}
}

func (s *Server) count(route string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(route, strconv.Itoa(status))
}

func (s *Server) countLost(route, endpoint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(route, "lost")
	locking := route == "POST /{endpoint}/lock" || route == "DELETE /{endpoint}/lock"
	if locking && !slices.Contains(s.stats.AnswersLost, endpoint) {
		s.stats.AnswersLost = append(s.stats.AnswersLost, endpoint)
	}
}

// add counts a call; s.mu is held.
func (s *Server) add(route, status string) {
	if s.stats.Calls[route] == nil {
		s.stats.Calls[route] = map[string]int{}
	}
	s.stats.Calls[route][status]++
}

func (s *Server) getStats(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.LocksLeft = []string{}
	for _, e := range s.registry {
		if s.endpoints[e.Name].locked {
			s.stats.LocksLeft = append(s.stats.LocksLeft, e.Name)
		}
	}
	writeJSON(w, http.StatusOK, s.stats)
}

func (s *Server) resetStats(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats = newStats()
	writeJSON(w, http.StatusOK, struct{}{})
}

// listing writes a registry as an object in its own order, as old servers do.
type listing syncquery.Registry

// MarshalJSON implements json.Marshaler.
func (l listing) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range l {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(e.Name)
		if err != nil {
			return nil, err
		}
		ids := e.Resources
		if ids == nil {
			ids = []int64{}
		}
		value, err := json.Marshal(map[string]any{"locked": e.Locked, "resources": ids})
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller may be gone
}
