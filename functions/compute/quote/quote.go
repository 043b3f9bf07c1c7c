// Package quote speaks the Quote of the Day protocol, RFC 865, on both sides: a
// Fetcher asks a server for quotes, a Server is one.
//
// Over TCP a server sends a quote to whoever connects, and closes. Over UDP it answers
// any datagram with one. There is no more to it: no request, no length, no end mark, and
// no telling a lost datagram from a slow server.
package quote

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The protocols that a quote is asked for over.
const (
	TCP = "tcp"
	UDP = "udp"
)

// MaxQuote is how many bytes a quote of our own has at most. RFC 865 wants an answer to
// be shorter than 512 characters; ours has a mark before the quote and a CRLF after it.
const MaxQuote = 511 - len("T: \r\n")

// MaxAnswer is how many bytes of somebody else's answer are accepted: RFC 865's limit is
// a recommendation, and sixteen times that leaves room for whoever does not keep it. What
// is longer is no quote, rather than cut off: nobody could tell where.
const MaxAnswer = 8 << 10

var (
	errTooLong = fmt.Errorf("the answer has more than %d bytes", MaxAnswer)
	errEmpty   = errors.New("the answer is empty")
)

// decode returns the quote of an answer, without the white space and NULs that servers
// put after it, and as valid UTF-8, which RFC 865's ASCII is and JSON needs: what is not
// becomes U+FFFD. Errors: errTooLong, errEmpty.
func decode(answer []byte) (string, error) {
	if len(answer) > MaxAnswer {
		return "", errTooLong
	}
	quote := strings.ToValidUTF8(string(bytes.TrimRight(answer, " \t\r\n\x00")), string(utf8.RuneError))
	if quote == "" {
		return "", errEmpty
	}
	return quote, nil
}

// Parse returns the quotes of a text: each line is one, but for empty lines and those
// that begin with #. White space around a quote is no part of it.
//
// Errors: a line that is longer than MaxQuote or is not UTF-8, with its number; a text
// without quotes.
func Parse(text []byte) ([]string, error) {
	var quotes []string
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0 || line[0] == '#':
			continue
		case len(line) > MaxQuote:
			return nil, fmt.Errorf("line %d: a quote has at most %d bytes, not %d", number, MaxQuote, len(line))
		case !utf8.Valid(line):
			return nil, fmt.Errorf("line %d: not UTF-8", number)
		}
		quotes = append(quotes, string(line))
	}
	if len(quotes) == 0 {
		return nil, errNoQuotes
	}
	return quotes, nil
}

var errNoQuotes = errors.New("there are no quotes")
