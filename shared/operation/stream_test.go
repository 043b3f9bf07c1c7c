package operation_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/failure"
	"lockstep/shared/operation"
)

// paper is a sink that keeps everything.
type paper struct {
	status int
	header map[string]string
	body   string
	full   bool
}

func (p *paper) Begin(status int, header map[string]string) { p.status, p.header = status, header }

func (p *paper) Send(part []byte) error {
	if p.full {
		return errors.New("nobody reads")
	}
	p.body += string(part)
	return nil
}

type count struct {
	To *int64 `query:"to"`
}

func stream(fn operation.StreamFunc[count], options ...operation.Option) operation.Operation {
	return operation.NewStream("count", "GET /count", fn, options...)
}

func TestStream(t *testing.T) {
	t.Parallel()
	secret := errors.New("the password is hunter2")
	for name, c := range map[string]struct {
		fn     operation.StreamFunc[count]
		query  string
		status int
		body   string
		broken bool
	}{
		"lines": {func(_ context.Context, in count, send func(any) error) error {
			for i := range *in.To {
				if err := send(map[string]int64{"n": i}); err != nil {
					return err
				}
			}
			return nil
		}, "2", 200, "{\"n\":0}\n{\"n\":1}\n", false},
		"no lines":  {func(context.Context, count, func(any) error) error { return nil }, "0", 200, "", false},
		"bad input": {nil, "x", 400, `{"error":"to must be an integer","field":"to"}`, false},
		"a failure before the first line": {func(context.Context, count, func(any) error) error {
			return failure.New(failure.NotFound, "no such thing")
		}, "0", 404, `{"error":"no such thing"}`, false},
		"an error before the first line": {func(context.Context, count, func(any) error) error { return secret }, "0", 500, `{"error":"internal error"}`, false},
		"a panic before the first line":  {func(context.Context, count, func(any) error) error { panic(secret) }, "0", 500, `{"error":"internal error"}`, false},
		"an error after a line": {func(_ context.Context, _ count, send func(any) error) error {
			return errors.Join(send(1), secret)
		}, "0", 200, "1\n", true},
		"a panic after a line": {func(_ context.Context, _ count, send func(any) error) error {
			_ = send(1)
			panic(secret)
		}, "0", 200, "1\n", true},
		"a line that is no JSON": {func(_ context.Context, _ count, send func(any) error) error { return send(make(chan int)) }, "0", 500, `{"error":"internal error"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &paper{}
			err := stream(c.fn).Stream(t.Context(), operation.Request{Query: map[string]string{"to": c.query}}, p)
			require.Equal(t, c.broken, err != nil, "half an answer, and only that, is an error: %v", err)
			require.Equal(t, c.status, p.status)
			require.Equal(t, c.body, p.body)
			if c.status == 200 {
				require.Equal(t, "application/x-ndjson", p.header["Content-Type"])
			}
		})
	}
}

func TestAStreamEndsWithItsReaderAndItsTime(t *testing.T) {
	t.Parallel()
	endless := func(ctx context.Context, _ count, send func(any) error) error {
		for ctx.Err() == nil {
			if err := send("on"); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
		return ctx.Err()
	}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		require.Error(t, stream(endless, operation.Timeout(time.Minute)).Stream(t.Context(), operation.Request{}, &paper{}))
		require.Equal(t, time.Minute, time.Since(begin))
		require.Error(t, stream(endless).Stream(t.Context(), operation.Request{}, &paper{full: true}))
	})
}

func TestRun(t *testing.T) {
	t.Parallel()
	type number struct{ N int }
	double := operation.NewTask("double", func(ctx context.Context, in number) (number, error) {
		require.Equal(t, "double", operation.NameOf(ctx))
		switch in.N {
		case 0:
			return number{}, errors.New("nothing to double")
		case -1:
			panic("negative")
		}
		return number{2 * in.N}, nil
	})
	out, err := double.Run(t.Context(), []byte(`{"N": 4}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"N": 8}`, string(out))
	for _, bad := range []string{`{"N": 0}`, `{"N": -1}`, `{"N": "x"}`, ``} {
		_, err := double.Run(t.Context(), []byte(bad))
		require.Error(t, err, bad)
	}
}
