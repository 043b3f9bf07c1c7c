package quote_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"lockstep/functions/compute/quote"
)

// canned is a connection that has all of its answer already: over TCP in pieces, over
// UDP in one.
type canned struct {
	net.Conn // for what is not called

	read func(p []byte) (int, error)
}

func (c canned) Read(p []byte) (int, error)  { return c.read(p) }
func (c canned) Write(p []byte) (int, error) { return len(p), nil }
func (c canned) Close() error                { return nil }

// fetch returns the quote of such an answer.
func fetch(ctx context.Context, protocol string, data []byte) (string, error) {
	f := &quote.Fetcher{Try: time.Hour, Dial: func(context.Context, string, string) (net.Conn, error) {
		if protocol == quote.TCP {
			return canned{read: iotest.HalfReader(bytes.NewReader(data)).Read}, nil
		}
		return canned{read: func(p []byte) (int, error) { return copy(p, data), nil }}, nil
	}}
	quotes, err := f.Fetch(ctx, protocol, nowhere, 1)
	if err != nil {
		return "", err
	}
	return quotes[0], nil
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", quote.MaxAnswer)
	for name, c := range map[string]struct{ answer, quote string }{
		"a line":                {"The die is cast.\r\n", "The die is cast."},
		"without an end":        {"The die is cast.", "The die is cast."},
		"several lines":         {"The die\r\n\tis cast.\n\n", "The die\r\n\tis cast."},
		"white space before":    {"\r\n  The die is cast. \t\r\n", "\r\n  The die is cast."},
		"a C programmer's":      {"The die is cast.\n\x00", "The die is cast."},
		"UTF-8":                 {"Alea iacta est – Ἀνερρίφθω κύβος\r\n", "Alea iacta est – Ἀνερρίφθω κύβος"},
		"Latin-1":               {"Les d\xe9s sont jet\xe9s\r\n", "Les d\ufffds sont jet\ufffds"},
		"as long as can be":     {long, long},
		"that grows, but fits":  {long[:quote.MaxAnswer-1] + "\xff", long[:quote.MaxAnswer-1] + "\ufffd"},
		"control characters":    {"a\x00b\x1b[0m", "a\x00b\x1b[0m"},
		"half a character":      {"jet\xc3", "jet\ufffd"},
		"marks of invalid runs": {"a\xff\xfe\xfdb", "a\ufffdb"},
	} {
		for _, protocol := range []string{quote.TCP, quote.UDP} {
			t.Run(protocol+", "+name, func(t *testing.T) {
				t.Parallel()
				got, err := fetch(t.Context(), protocol, []byte(c.answer))
				require.NoError(t, err)
				require.Equal(t, c.quote, got)
			})
		}
	}
}

// What was read before a reset may lack the rest.
func TestAResetIsNoEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reset := errors.New("reset by peer")
		f := &quote.Fetcher{Dial: func(context.Context, string, string) (net.Conn, error) {
			return canned{read: func(p []byte) (int, error) { return copy(p, "The die is"), reset }}, nil
		}}
		quotes, err := f.Fetch(t.Context(), quote.TCP, nowhere, 1)
		requireUnavailable(t, quotes, err)
		require.ErrorIs(t, err, reset)
	})
}

const blank = " \t\r\n\x00"

// Whatever a server answers, the quote is text that says what the answer did, or there
// is none because the answer is too long or says nothing.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{"The die is cast.\r\n", "", blank, "\xff\xc3\r", "\x00a\n\nb \x00", "\ufeff\u2028\u00a0"} {
		f.Add([]byte(seed), uint16(0))
	}
	f.Add([]byte("x"), uint16(quote.MaxAnswer-1))
	f.Add([]byte("x"), uint16(quote.MaxAnswer))
	f.Fuzz(func(t *testing.T, data []byte, before uint16) {
		data = append(bytes.Repeat([]byte{'x'}, int(before)%(2*quote.MaxAnswer)), data...) // inputs stay short while answers get long
		got, err := quote.Decode(data)
		if len(data) > quote.MaxAnswer || len(bytes.Trim(data, blank)) == 0 {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.True(t, utf8.ValidString(got))
		require.NotContains(t, blank, got[len(got)-1:])
		if utf8.Valid(data) {
			require.True(t, strings.HasPrefix(string(data), got))
			require.Empty(t, strings.Trim(string(data[len(got):]), blank))
		}
	})
}
