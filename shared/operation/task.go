package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
)

// NewTask makes an operation that is no request of a caller's, but a step that AWS
// runs: a task of a state machine, or a batch of a table's stream. In and Out are
// read and written as encoding/json does, which the events of AWS are made for.
func NewTask[In, Out any](name string, fn Func[In, Out], options ...Option) Operation {
	o := limited(name, Task, options)
	o.serve = func(ctx context.Context, r Request) (any, error) {
		var in In
		if err := json.Unmarshal(r.Body, &in); err != nil {
			return nil, fmt.Errorf("the event of %s: %w", name, err)
		}
		return fn(ctx, in)
	}
	return o
}

// Run runs a task. Its error, logged here, is what makes AWS run it again.
func (o Operation) Run(ctx context.Context, event []byte) (result []byte, err error) {
	ctx, cancel := context.WithTimeout(WithName(ctx, o.Name), o.Timeout)
	defer cancel()
	defer func() {
		if p := o.recovered(ctx, recover()); p != nil {
			result, err = nil, p
		}
	}()
	out, err := o.serve(ctx, Request{Body: event})
	if err == nil {
		result, err = json.Marshal(out)
	}
	if err != nil {
		slog.ErrorContext(ctx, "failed", "operation", o.Name, "error", err.Error())
		return nil, err
	}
	return result, nil
}
