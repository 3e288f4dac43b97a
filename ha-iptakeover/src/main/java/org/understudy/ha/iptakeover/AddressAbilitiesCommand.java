package org.understudy.ha.iptakeover;

/**
 * Prints {@link AddressAbilities} of this host and this user.
 *
 * <pre>
 * java -cp ... org.understudy.ha.iptakeover.AddressAbilitiesCommand
 * </pre>
 *
 * <p>Ends with 0 if floating addresses with gates can stand here, else with 1.
 *
 * @since 0.1.0
 */
public final class AddressAbilitiesCommand {
    private AddressAbilitiesCommand() {}

    public static void main(String[] args) {
        AddressAbilities abilities = AddressAbilities.ofThisHost();
        System.out.println(abilities);
        boolean isComplete = abilities.has(AddressAbilities.Ability.GATE)
                && abilities.has(AddressAbilities.Ability.ADDRESS_MARK)
                && abilities.has(AddressAbilities.Ability.NET_RAW);
        if (!isComplete) {
            System.exit(1);
        }
    }
}
