package shop

import (
	"bytes"
	"encoding/base64"
	"iter"
	"strconv"

	"lockstep/shared/failure"
	"lockstep/shared/operation"
)

// A page ends at its limit or at its size, whichever comes first: an answer of Lambda's
// has 6 MB at most.
const (
	MaxPage      = 1000    // entries, also where no limit is given
	MaxPageBytes = 4 << 20 // of JSON

	// Lambda hands the answer on as a JSON string, in which each quote and each
	// backslash takes a byte more.
	maxQuotedBytes = 5_500_000
)

type pageRequest struct {
	Limit  *int64 `query:"limit"`
	Cursor string `query:"cursor"`
}

// Validate says which field is wrong.
func (r pageRequest) Validate() error {
	if r.Limit != nil && (*r.Limit < 1 || *r.Limit > MaxPage) {
		return failure.InvalidField("limit", "limit must be 1 to %d, not %d", MaxPage, *r.Limit)
	}
	return nil
}

// limit is how many entries the page has at most.
func (r pageRequest) limit() int {
	if r.Limit == nil {
		return MaxPage
	}
	return int(*r.Limit)
}

// about is how many entries are read for the page: one more tells whether it is the last.
func (r pageRequest) about() int { return r.limit() + 1 }

// writePage answers with a page of what all has, as a bare array. The header Link tells
// where the next one begins, if there is one: where the last entry ended, as mark names it.
func writePage[T any](r pageRequest, all iter.Seq2[T, error], write func([]byte, T) []byte, mark func(T) string) (operation.Response, error) {
	body := append(make([]byte, 0, 128*min(r.limit(), 100)), '[')
	n, quoted, next := 0, 0, ""
	var last T
	for entry, err := range all {
		if err != nil {
			return operation.Response{}, err
		}
		before := len(body)
		if n > 0 {
			body = append(body, ',')
		}
		if n < r.limit() {
			body = write(body, entry)
		}
		quoted += quotedSize(body[before:])
		if n == r.limit() || n > 0 && (len(body) >= MaxPageBytes || quoted > maxQuotedBytes) {
			body, next = body[:before], mark(last)
			break
		}
		n, last = n+1, entry
	}
	a := answer(append(body, ']'))
	if next != "" {
		a.Header["Link"] = r.link(next)
	}
	return a, nil
}

func quotedSize(text []byte) int {
	return len(text) + bytes.Count(text, []byte{'"'}) + bytes.Count(text, []byte{'\\'})
}

// link points to the next page, relative to the address of this one.
func (r pageRequest) link(mark string) string {
	query := "cursor=" + base64.RawURLEncoding.EncodeToString([]byte(mark))
	if r.Limit != nil {
		query = "limit=" + strconv.FormatInt(*r.Limit, 10) + "&" + query
	}
	return "<?" + query + `>; rel="next"`
}

// mark reads the mark that a cursor has; "" for none.
func (r pageRequest) mark(valid func(mark string) bool) (string, error) {
	if r.Cursor == "" {
		return "", nil
	}
	mark, err := base64.RawURLEncoding.Strict().DecodeString(r.Cursor)
	if err != nil || !valid(string(mark)) {
		return "", failure.InvalidField("cursor", "cursor is none that a list has answered with")
	}
	return string(mark), nil
}
