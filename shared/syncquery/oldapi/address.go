package oldapi

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// What package net/url would do here is little, and it would make the module for
// browsers a twentieth larger.

var errBase = errors.New("is not of the form http://host:port")

// ParseBase checks the address of a server and returns it without a slash at its end.
func ParseBase(base string) (string, error) {
	rest, ok := strings.CutPrefix(base, "http://")
	if !ok {
		rest, ok = strings.CutPrefix(base, "https://")
	}
	host, _, _ := strings.Cut(rest, "/")
	switch {
	case strings.ContainsAny(rest, "?#@"):
		return "", fmt.Errorf("url %q has more than a host and a path", redacted(base))
	case !ok || !isHost(host) || strings.ContainsFunc(rest, isControl):
		return "", fmt.Errorf("url %q %w", base, errBase)
	}
	return strings.TrimRight(base, "/"), nil
}

// isHost says whether the text is a host, with or without a port.
func isHost(host string) bool {
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		name, port = host[:i], host[i+1:]
		if n, err := strconv.Atoi(port); port != "" && (err != nil || n < 0 || n > 65535) {
			return false
		}
	}
	return name != "" && !strings.ContainsAny(name, "%\"<>\\^`{|}") && (strings.HasPrefix(name, "[") == strings.HasSuffix(name, "]")) &&
		(strings.HasPrefix(name, "[") || !strings.Contains(name, ":"))
}

func isControl(r rune) bool { return r <= ' ' || r == 0x7f }

// redacted is an address without what may be a password.
func redacted(base string) string {
	before, after, ok := strings.Cut(base, "://")
	if !ok {
		return base
	}
	if i := strings.LastIndexByte(after, '@'); i >= 0 {
		after = "xxxxx" + after[i:]
	}
	return before + "://" + after
}

// Escape returns a name as a segment of a path.
func Escape(name string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(name) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~$&+:=@", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

// AppendIDs appends ids as a JSON array.
func AppendIDs(b []byte, ids []int64) []byte {
	b = append(b, '[')
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return append(b, ']')
}
