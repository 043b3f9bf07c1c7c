package lines_test

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore/lines"
)

// inPieces cuts data after as many bytes as each of the cuts says, round and round.
func inPieces(data, cuts []byte) [][]byte {
	var pieces [][]byte
	for i := 0; len(data) > 0; i++ {
		n := len(data)
		if len(cuts) > 0 {
			n = min(n, 1+int(cuts[i%len(cuts)])*8)
		}
		pieces = append(pieces, data[:n])
		data = data[n:]
	}
	return pieces
}

// linesOf says what the lines of a stream are, as the contract does.
func linesOf(data string) (all []string, tooLong bool) {
	for data != "" {
		line, rest, ended := strings.Cut(data, "\n")
		if ended {
			line = strings.TrimSuffix(line, "\r")
		}
		if len(line) > lines.MaxLine {
			return all, true
		}
		all, data = append(all, line), rest
	}
	return all, false
}

// paddedAt puts so many spaces into data, at about such a place: inputs stay short while
// lines get long, or the fuzzer would spend its time on making them shorter.
func paddedAt(data []byte, at, spaces uint16) []byte {
	i := int(at) % (len(data) + 1)
	return slices.Insert(slices.Clone(data), i, bytes.Repeat([]byte{' '}, int(spaces)%3000)...)
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("Query: Tux\nBuy: Tux\r\nQ"), []byte{0}, uint16(0), uint16(0))
	f.Add([]byte("Tux\r\n\n"), []byte{127, 3}, uint16(0), uint16(1021))
	f.Add([]byte("Tux\n\n"), []byte{127, 0}, uint16(0), uint16(1022))
	f.Add([]byte("Tux\r"), []byte{128, 0}, uint16(0), uint16(1021))
	f.Add([]byte("\r\n\r\r\n\n\x00\xff"), []byte{}, uint16(0), uint16(0))
	f.Fuzz(func(t *testing.T, data, cuts []byte, at, spaces uint16) {
		data = paddedAt(data, at, spaces)
		want, tooLong := linesOf(string(data))
		got, err := lines.Split(inPieces(data, cuts))
		require.Equal(t, want, got)
		require.Equal(t, tooLong, err != nil)
	})
}

var form = regexp.MustCompile(`^(-1|0|1|25\.99|34\.99|1\.00|error: [^\r\n]+)$`)

// Whatever comes, every line has one answer of the protocol's form, and the server is
// as well as before.
func FuzzServe(f *testing.F) {
	f.Add([]byte("Query: Tux\nBuy: Whale\r\nBuy: Whale\n"), []byte{0, 9}, uint16(0), uint16(0))
	f.Add([]byte("\n\n\xff:\x00\n"), []byte{1}, uint16(0), uint16(0))
	f.Add([]byte("Query:Tux\n"), []byte{}, uint16(6), uint16(2000))
	f.Fuzz(func(t *testing.T, data, cuts []byte, at, spaces uint16) {
		data = paddedAt(data, at, spaces)
		data = append(bytes.TrimSuffix(data, []byte{'\n'}), '\n') // a pipe has no end to one side
		want, tooLong := linesOf(string(data))
		count := len(want)
		if tooLong {
			count++
		}
		synctest.Test(t, func(t *testing.T) {
			l := newPipes()
			stop := serve(&lines.Server{Service: shop(t, atOnce), Queue: 50}, l)
			c := l.dial()
			go func() {
				for _, piece := range inPieces(data, cuts) {
					_, _ = c.Write(piece)
				}
			}()
			for range count {
				require.Regexp(t, form, strings.TrimSuffix(c.hear(t), "\n"))
			}
			require.Equal(t, "25.99\n", l.dial().ask(t, "Query: Tux"))
			require.NoError(t, stop())
			rest, err := io.ReadAll(c.answers)
			require.NoError(t, err)
			require.Empty(t, rest)
		})
	})
}
