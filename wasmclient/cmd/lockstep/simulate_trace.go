package main

import (
	"encoding/json"
	"io"
	"time"

	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

// traceLine is an event as it is written: what does not apply is left out.
type traceLine struct {
	At       float64 `json:"at_ms"`
	Client   uint16  `json:"client"`
	Event    string  `json:"event"`
	Reading  *int32  `json:"reading,omitempty"`
	Endpoint string  `json:"endpoint,omitempty"`
	Query    *int32  `json:"query,omitempty"`
	Resource *int64  `json:"resource,omitempty"`
}

// writeTrace writes the events that are kept, a line of JSON each.
func writeTrace(w io.Writer, t *sim.Trace) error {
	encoder := json.NewEncoder(w)
	for i := range t.At {
		l := traceLine{At: float64(t.At[i]) / float64(time.Millisecond), Client: t.Client[i], Event: syncquery.HappeningKind(t.Kind[i]).String()}
		if t.Reading[i] >= 0 {
			l.Reading = &t.Reading[i]
		}
		if t.Endpoint[i] >= 0 {
			l.Endpoint = t.Endpoints[t.Endpoint[i]]
		}
		if t.Query[i] >= 0 {
			l.Query = &t.Query[i]
		}
		if t.Resource[i] >= 0 {
			l.Resource = &t.Resource[i]
		}
		if err := encoder.Encode(l); err != nil {
			return err
		}
	}
	return nil
}
