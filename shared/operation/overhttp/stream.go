package overhttp

import (
	"context"
	"net/http"
	"time"

	"lockstep/shared/operation"
)

// stream runs a stream operation. One that breaks off is cut at the connection, so
// that the caller's own HTTP says that the answer is not whole.
func stream(w http.ResponseWriter, r *http.Request, o operation.Operation, request operation.Request) {
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(o.Timeout + lineTime)) // the server's own is for whole answers
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if server, ok := ctx.Value(stopping{}).(context.Context); ok {
		defer context.AfterFunc(server, cancel)()
	}
	if err := o.Stream(ctx, request, sink{w, control}); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// lineTime is how long the last line may take to be written.
const lineTime = 10 * time.Second

type sink struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (s sink) Begin(status int, header map[string]string) {
	for name, value := range header {
		s.Header().Set(name, value)
	}
	s.WriteHeader(status)
}

func (s sink) Send(part []byte) error {
	if _, err := s.Write(part); err != nil {
		return err
	}
	return s.control.Flush()
}
