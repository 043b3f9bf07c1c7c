package pi

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The vectors are those of Random123, the authors' library, for philox2x64 10.
func TestPhiloxKnownAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ a, b, key, wantA, wantB uint64 }{
		"zeros": {0, 0, 0, 0xca00a0459843d731, 0x66c24222c9a845b5},
		"ones":  {1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 0x65b021d60cd8310f, 0x4d02f3222f86df20},
		"pi":    {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x0a5e742c2997341c, 0xb0f883d38000de5d},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := philox(c.key, c.a, c.b)
			require.Equal(t, c.wantA, a)
			require.Equal(t, c.wantB, b)
		})
	}
}

// The vector is that of the authors' C program, from the state 1, 2, 3, 4.
func TestXoshiroKnownAnswers(t *testing.T) {
	t.Parallel()
	s := xoshiro{1, 2, 3, 4}
	for _, want := range []uint64{41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205} {
		var got uint64
		got, s = s.next()
		require.Equal(t, want, got)
	}
}
