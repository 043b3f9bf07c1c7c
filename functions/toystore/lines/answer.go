package lines

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"
	"unicode"

	"lockstep/functions/toystore"
	"lockstep/shared/failure"
)

const internal = "error: internal error"

// answer appends the line that answers r.
func (s *serving) answer(to []byte, r request) (line []byte) {
	defer func() {
		if p := recover(); p != nil {
			slog.ErrorContext(s.working, "panic", "protocol", "lines", "panic", p, "stack", string(debug.Stack()))
			to = append(to, internal+"\n"...)
			line = to
		}
	}()
	return append(s.text(to, r), '\n')
}

func (s *serving) text(to []byte, r request) []byte {
	switch r.method {
	case query:
		toy, err := s.Service.Query(s.working, r.text)
		switch {
		case err != nil:
			return append(to, refusal(s.working, r, err)...)
		case toy.Stock == 0:
			return append(to, '0')
		}
		return toystore.AppendPrice(to, toy.Price)
	case buy:
		sale, err := s.Service.Buy(s.working, toystore.Purchase{Toy: r.text, Quantity: 1})
		switch {
		case err != nil:
			return append(to, refusal(s.working, r, err)...)
		case sale.Result == toystore.OutOfStock:
			return append(to, '0')
		}
		return append(to, '1')
	default:
		return append(append(to, "error: "...), r.text...)
	}
}

// refusal is what a client reads of an error.
func refusal(ctx context.Context, r request, err error) string {
	f := failure.Of(err)
	if f.Code == failure.NotFound {
		return "-1"
	}
	report(ctx, f.Code, err)
	switch {
	case f.Code == failure.Internal:
		return internal
	case f.Code == failure.Upstream && r.method == buy:
		return "error: nobody knows whether it was sold: " + inOneLine(f.Message)
	}
	return "error: " + inOneLine(f.Message)
}

// report logs what is not the client's doing.
func report(ctx context.Context, code failure.Code, err error) {
	switch {
	case code == failure.Invalid:
	case code == failure.Busy:
		slog.WarnContext(ctx, "busy", "protocol", "lines", "error", err.Error())
	case errors.Is(err, context.Canceled) && ctx.Err() != nil: // given up at the end of the grace
		slog.DebugContext(ctx, "given up", "protocol", "lines", "error", err.Error())
	default:
		slog.ErrorContext(ctx, "failed", "protocol", "lines", "code", code.String(), "error", err.Error())
	}
}

// inOneLine keeps a message from reading as two answers.
func inOneLine(message string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, message)
}
