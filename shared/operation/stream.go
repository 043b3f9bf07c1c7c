package operation

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"

	"lockstep/shared/failure"
)

// StreamFunc is a stream's own code. It sends each line as it comes; a line is any
// value that JSON can express. It ends with its caller: send returns an error when
// nobody reads any more, and so does ctx.
type StreamFunc[In any] func(ctx context.Context, in In, send func(line any) error) error

// NewStream makes an operation that answers in lines of JSON (NDJSON) as they come.
// Deployed it is reached through a Function URL, since a REST API answers whole. A
// stream should end by a limit that the caller can set.
func NewStream[In any](name, route string, fn StreamFunc[In], options ...Option) Operation {
	o := routed(name, route, Stream, options)
	o.stream = func(ctx context.Context, r Request, send func(any) error) error {
		var in In
		if err := Bind(r, &in); err != nil {
			return err
		}
		return fn(ctx, in, send)
	}
	return o
}

// Sink takes a stream's answer: its head, once, and then its body part by part.
type Sink interface {
	Begin(status int, header map[string]string)
	// Send sends a part at once. It returns an error when nobody reads any more.
	Send(part []byte) error
}

// Stream runs a stream. What fails before the first line is answered whole, as
// Handle does. An error that Stream returns came later: half an answer is out, and
// the door must break it off, so that nobody takes it for a whole one.
func (o Operation) Stream(ctx context.Context, r Request, sink Sink) (err error) {
	ctx, cancel := context.WithTimeout(WithName(ctx, o.Name), o.Timeout)
	defer cancel()
	out := &lines{sink: sink}
	defer func() {
		if p := o.recovered(ctx, recover()); p != nil {
			err = out.end(o.Fail(failure.Of(p)), p)
		}
	}()
	if int64(len(r.Body)) > o.MaxBody {
		return out.end(o.Fail(o.TooLarge()), nil)
	}
	if err := o.stream(ctx, r, out.send); err != nil {
		return out.end(o.failed(ctx, err), err)
	}
	out.begin()
	return nil
}

// lines writes a stream's lines.
type lines struct {
	sink  Sink
	begun bool
}

func (l *lines) begin() {
	if !l.begun {
		l.begun = true
		l.sink.Begin(200, map[string]string{"Content-Type": "application/x-ndjson"})
	}
}

func (l *lines) send(line any) error {
	text, err := json.Marshal(line, json.Deterministic(true))
	if err != nil {
		return err
	}
	l.begin()
	return l.sink.Send(append(text, '\n'))
}

// end ends a stream that failed: with a whole answer if nothing is out yet, else
// with the error.
func (l *lines) end(answer Response, err error) error {
	if l.begun {
		return fmt.Errorf("the stream broke off: %w", err)
	}
	l.begun = true
	l.sink.Begin(answer.Status, answer.Header)
	_ = l.sink.Send(answer.Body) // the caller may be gone
	return nil
}
