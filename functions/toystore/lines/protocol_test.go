package lines_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore/lines"
	"lockstep/shared/failure"
)

const (
	noRequest  = "error: a request reads 'Query: ' or 'Buy: ' and the name of a toy\n"
	noMethod   = "error: the method must be Query or Buy\n"
	controlled = "error: name has a line break or another control character\n"
	tooLong    = "error: a line has at most 1024 bytes\n"
)

// padded returns a query of so many bytes.
func padded(bytes int) string { return "Query:" + strings.Repeat(" ", bytes-9) + "Tux" }

func TestProtocol(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, out string }{
		"a price":                           {"Query: Tux\n", "25.99\n"},
		"a query of no such toy":            {"Query: Cat\n", "-1\n"},
		"a query of what is out of stock":   {"Query: Fox\n", "0\n"},
		"a sale":                            {"Buy: Tux\n", "1\n"},
		"a sale of no such toy":             {"Buy: Cat\n", "-1\n"},
		"a sale of what is out of stock":    {"Buy: Fox\n", "0\n"},
		"the last piece is sold once":       {"Query: Whale\nBuy: Whale\n", "34.99\n1\n"},
		"a method in any case":              {"qUERY: Tux\nbUy: Tux\n", "25.99\n1\n"},
		"a name in its case only":           {"Query: tux\n", "-1\n"},
		"CRLF":                              {"Query: Tux\r\nQuery: Fox\r\n", "25.99\n0\n"},
		"the end of the stream":             {"Query: Tux\nQuery: Fox", "25.99\n0\n"},
		"nothing":                           {"", ""},
		"spaces around both":                {"  Query  :   Tux  \n", "25.99\n"},
		"no space":                          {"Query:Tux\n", "25.99\n"},
		"a colon in the name":               {"Query: a:b\n", "1.00\n"},
		"an empty line":                     {"\n", noRequest},
		"an empty line with CR":             {"\r\nQuery: Tux\n", noRequest + "25.99\n"},
		"no colon":                          {"Query Tux\nQuery: Tux\n", noRequest + "25.99\n"},
		"no such method":                    {"Sell: Tux\nQuery: Tux\n", noMethod + "25.99\n"},
		"no method":                         {": Tux\n", noMethod},
		"no name":                           {"Query:  \nBuy:\n", strings.Repeat("error: name must name a toy\n", 2)},
		"a CR inside":                       {"Query: T\rux\n", controlled},
		"a CR before CRLF":                  {"Query: Tux\r\r\n", controlled},
		"a CR before the end of the stream": {"Query: Tux\r", controlled},
		"NUL":                               {"Query: Tux\x00\nQuery: Tux\n", controlled + "25.99\n"},
		"a tab is no space":                 {"Query:\tTux\n", controlled},
		"NUL in the method":                 {"Query\x00: Tux\n", noMethod},
		"what is no UTF-8":                  {"Query: \xff\n", "error: name is not valid UTF-8\n"},
		"a name that is too long": {
			"Query: " + strings.Repeat("x", 101) + "\nQuery: Tux\n",
			"error: name has 101 bytes; a toy's name has at most 100\n25.99\n",
		},
		"a line of 1,024 bytes":               {padded(1024) + "\n", "25.99\n"},
		"a line of 1,024 bytes with CRLF":     {padded(1024) + "\r\nQuery: Fox\n", "25.99\n0\n"},
		"a line of 1,024 bytes and the end":   {padded(1024), "25.99\n"},
		"a line of 1,025 bytes":               {padded(1025) + "\nQuery: Tux\n", tooLong},
		"a line of 1,025 bytes with CRLF":     {padded(1025) + "\r\n", tooLong},
		"a line of 1,025 bytes and the end":   {padded(1025), tooLong},
		"a line of 1,024 bytes, CR and end":   {padded(1024) + "\r", tooLong},
		"a long line after good ones":         {"Query: Tux\nBuy: Tux\n" + padded(5000), "25.99\n1\n" + tooLong},
		"a line of a megabyte":                {"Query: Tux\n" + padded(1<<20) + "\nQuery: Tux\n", "25.99\n" + tooLong},
		"more than is under way at a time":    {strings.Repeat("Query: Tux\n", 1000), strings.Repeat("25.99\n", 1000)},
		"more wrong than is under way":        {strings.Repeat("\n", 1000), strings.Repeat(noRequest, 1000)},
		"many, the last without an ending":    {strings.Repeat("Buy: Fox\n", lines.Window) + "Query: Tux", strings.Repeat("0\n", lines.Window) + "25.99\n"},
		"what follows a line that is refused": {"\nBuy: Tux\n\nQuery: Tux\n", noRequest + "1\n" + noRequest + "25.99\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := listen(t, &lines.Server{Service: shop(t, atOnce)})
			require.Equal(t, c.out, talk(t, address, c.in))
		})
	}
}

// This test captures the log, which is everybody's, so it is not parallel.
func TestFailures(t *testing.T) {
	const secret = "secret of the database"
	for name, c := range map[string]struct {
		err        error
		query, buy string
		logged     string
	}{
		"invalid": {failure.New(failure.Invalid, "not so"), "error: not so\n", "error: not so\n", ""},
		"busy": {
			failure.New(failure.Busy, "too much"), "error: too much\n", "error: too much\n", "level=WARN msg=busy",
		},
		"an outcome that nobody knows": {
			&failure.Error{Code: failure.Upstream, Message: "no answer", Err: errors.New(secret)},
			"error: no answer\n", "error: nobody knows whether it was sold: no answer\n", "level=ERROR msg=failed",
		},
		"a message of two lines": {
			failure.New(failure.Refused, "one\r\n25.99"), "error: one  25.99\n", "error: one  25.99\n", "level=ERROR msg=failed",
		},
		"internal": {
			failure.New(failure.Internal, secret), "error: internal error\n", "error: internal error\n", "level=ERROR msg=failed",
		},
		"unknown": {
			errors.New(secret), "error: internal error\n", "error: internal error\n", "level=ERROR msg=failed",
		},
		"a panic": {nil, "error: internal error\n", "error: internal error\n", "level=ERROR msg=panic"},
	} {
		t.Run(name, func(t *testing.T) {
			service := shop(t, func(context.Context, string) error {
				if c.err == nil {
					panic(secret)
				}
				return c.err
			})
			log := captureLog(t)
			address := listen(t, &lines.Server{Service: service, Workers: 1})
			require.Equal(t, c.query+c.buy+noRequest, talk(t, address, "Query: Tux\nBuy: Tux\n\n"))
			if c.logged == "" {
				require.Empty(t, log.String())
				return
			}
			require.Equal(t, 2, strings.Count(log.String(), c.logged), "one each, in %s", log)
			require.Equal(t, 2, strings.Count(log.String(), "level="))
		})
	}
}

// captureLog returns what is logged from here on, to be read once nobody logs.
func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	log, before := new(bytes.Buffer), slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return log
}
