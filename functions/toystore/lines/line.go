package lines

import (
	"bytes"
	"errors"
	"strconv"
)

// bufferSize holds a few hundred short requests, and any line with its ending.
const bufferSize = 4 << 10

var errTooLong = errors.New("a line has at most " + strconv.Itoa(MaxLine) + " bytes")

// splitter cuts a stream into lines, whatever pieces it comes in. LF, CRLF and the end
// of the stream end a line; a CR elsewhere is a part of it.
type splitter struct {
	buffer   []byte
	from, to int  // what is not cut yet
	ended    bool // there is no more to come
}

// room returns where to put what comes next. It is never empty once next has said that
// there is no line, because what it leaves is shorter than the buffer.
func (s *splitter) room() []byte {
	if s.buffer == nil {
		s.buffer = make([]byte, bufferSize)
	}
	if s.from > 0 {
		s.to = copy(s.buffer, s.buffer[s.from:s.to])
		s.from = 0
	}
	return s.buffer[s.to:]
}

// add says how much was put there.
func (s *splitter) add(n int) { s.to += n }

// next returns the next line without its ending, valid until room is called; false if
// it has not come whole. Errors: errTooLong, after which there is no telling where the
// next line begins.
func (s *splitter) next() (line []byte, found bool, err error) {
	rest := s.buffer[s.from:s.to]
	if end := bytes.IndexByte(rest, '\n'); end >= 0 {
		s.from += end + 1
		line, found = bytes.TrimSuffix(rest[:end], []byte{'\r'}), true
	} else if s.ended {
		s.from = s.to
		line, found = rest, len(rest) > 0
	} else { // a CR at the end may belong to the line's ending
		line = bytes.TrimSuffix(rest, []byte{'\r'})
	}
	if len(line) > MaxLine {
		return nil, false, errTooLong
	}
	return line, found, nil
}
