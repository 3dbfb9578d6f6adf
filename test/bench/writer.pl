# writer.pl CONTROL BYTES CHUNK: a child that writes fast. Says "r" into the FIFO CONTROL.told when it is ready, waits
# for a byte out of CONTROL.go, writes BYTES to its stdout in write(2)s of CHUNK bytes, lines of 100, and says "d".
use strict;
my ($control, $bytes, $chunk) = @ARGV;
my $text = substr((('x' x 99) . "\n") x (1 + $chunk / 100), -$chunk);
my $count = int($bytes / $chunk);
open(my $told, '+<', "$control.told") or die "$control.told: $!";
open(my $go, '+<', "$control.go") or die "$control.go: $!";
syswrite($told, 'r');
sysread($go, my $byte, 1);
while ($count--) { syswrite(STDOUT, $text) == $chunk or die "stdout: $!" }
syswrite($told, 'd');
